// What the composer offers while one types: commands, people, channels and emoji.

import {fill, h} from "./dom.js";
import {face} from "./icons.js";
import {nameOf, people, state, visibleChannels} from "./state.js";
import {emojiCharacter, emojiNames} from "./text.js";

const MOST = 8;
const MOVES = {ArrowDown: 1, ArrowUp: -1};
let lists = 0;

// A list to be put beside a field. Arrow keys choose, Enter or Tab takes, Escape puts it away
export function completing(field, inThread) {
	const id = `completion-${(lists += 1)}`;
	const list = h("ul.completion", {id, role: "listbox", "aria-label": "Suggestions", hidden: true});
	let offers = [];
	let chosen = 0;

	const draw = () => {
		list.hidden = !offers.length;
		fill(list, offers.map(drawOffer));
		if (offers.length) field.setAttribute("aria-activedescendant", `${id}-${chosen}`);
		else field.removeAttribute("aria-activedescendant");
	};
	const drawOffer = ({handle, label, hint}, number) => {
		const onmousedown = event => {
			event.preventDefault();
			take(number);
		};
		return h(
			"li",
			{id: `${id}-${number}`, role: "option", "aria-selected": String(number === chosen), onmousedown},
			handle && face(handle),
			h("span", label),
			hint && h("span.hint", hint)
		);
	};
	const offer = found => {
		offers = found.slice(0, MOST);
		chosen = 0;
		draw();
	};
	const take = number => {
		const {from, text} = offers[number];
		field.setRangeText(text, from, field.selectionStart, "end");
		offer([]);
		field.dispatchEvent(new Event("input"));
	};
	const onKey = event => {
		if (!offers.length || event.isComposing) return;
		if (event.key in MOVES) chosen = (chosen + MOVES[event.key] + offers.length) % offers.length;
		else if (event.key === "Escape") offers = [];
		else if (!["Enter", "Tab"].includes(event.key) || event.shiftKey) return;
		else take(chosen);
		event.preventDefault();
		event.stopImmediatePropagation();
		draw();
	};
	field.addEventListener("input", () => offer(offersFor(field.value.slice(0, field.selectionStart), inThread)));
	field.addEventListener("blur", () => offer([]));
	field.addEventListener("keydown", onKey, true);
	field.setAttribute("aria-autocomplete", "list");
	field.setAttribute("aria-controls", id);
	return list;
}

function offersFor(before, inThread) {
	if (/^\/\S*$/.test(before) && !inThread) return commands(before);
	const [, mark, word] = /(?:^|\s)([@#:])([\p{L}\d_.+'-]*)$/u.exec(before) ?? [];
	if (!mark) return [];
	const found = {"@": mentions, "#": channels, ":": emoji}[mark](word.toLowerCase());
	return found.map(item => ({from: before.length - word.length - 1, label: item.text, ...item, text: `${item.text} `}));
}

function commands(before) {
	return state.app.commands
		.filter(({command}) => command.startsWith(before) && command !== before)
		.map(({command, usage_hint: usage, description: hint}) => ({
			from: 0,
			text: `${command} `,
			label: `${command} ${usage ?? ""}`,
			hint
		}));
}

function mentions(wanted) {
	const everyone = [...people(), state.users.get(state.app.bot_user)].filter(Boolean);
	const fits = user =>
		[user.name, user.real_name, nameOf(user.id)].some(name => name?.toLowerCase().startsWith(wanted));
	return [
		...everyone
			.filter(fits)
			.map(({id, name, real_name: hint}) => ({text: `@${name}`, label: nameOf(id), hint, handle: name})),
		...[...state.usergroups.values()]
			.filter(group => group.handle.startsWith(wanted))
			.map(group => ({text: `@${group.handle}`, hint: group.name}))
	];
}

function channels(wanted) {
	return visibleChannels(state.me)
		.rooms.filter(channel => channel.name.startsWith(wanted))
		.map(channel => ({text: `#${channel.name}`, hint: channel.topic?.value}));
}

function emoji(wanted) {
	const names = wanted.length < 2 ? [] : emojiNames(wanted, MOST);
	return names.map(name => ({text: `:${name}:`, label: `${emojiCharacter(name) ?? ""} :${name}:`}));
}
