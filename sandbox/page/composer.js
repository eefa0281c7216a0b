// The field to write in: messages, and commands where Slack takes them.

import {completing} from "./completion.js";
import {choice, h, hint, openMenu} from "./dom.js";
import {notify, actAsMe} from "./gestures.js";
import {iconButton} from "./icons.js";
import {nameOf, state} from "./state.js";

const drafts = new Map();
const TALLEST = 160;

// A composer for a channel or a thread. What is not sent yet is kept for each person
export function drawComposer(place) {
	const key = `${state.me} ${place.channel} ${place.thread}`;
	const label = place.thread ? "Reply…" : `Message ${place.title}`;
	const advice = hint();
	const field = h("textarea", {rows: 1, "aria-label": label, placeholder: label, value: drafts.get(key) ?? ""});
	const broadcast = h("input", {type: "checkbox"});
	const follow = () => {
		drafts.set(key, field.value);
		advise(advice, field.value, place.thread);
		field.style.height = "auto";
		field.style.height = `${Math.min(field.scrollHeight + 2, TALLEST)}px`;
	};
	const submit = async event => {
		event.preventDefault();
		const typed = field.value;
		if (!typed.trim()) return;
		field.value = "";
		follow();
		if ((await send(typed, place, broadcast.checked)) || field.value) return;
		field.value = typed;
		follow();
	};
	const attach = event => {
		const {files} = event.clipboardData ?? event.dataTransfer ?? event.target;
		if (!files.length) return;
		event.preventDefault();
		sendFiles([...files], place);
	};
	const chooser = h("input", {type: "file", hidden: true, multiple: true, "aria-label": "Files", onchange: attach});
	const suggestions = completing(field, Boolean(place.thread));
	field.addEventListener("input", follow);
	field.addEventListener("paste", attach);
	field.addEventListener("keydown", event => {
		if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
		if (event.key === "ArrowUp" && !field.value && place.editLast()) event.preventDefault();
	});
	advise(advice, field.value, place.thread);
	return [
		h(
			"form.composer",
			{onsubmit: submit, ondragover: event => event.preventDefault(), ondrop: attach},
			suggestions,
			iconButton("clip", "Attach a file", () => chooser.click()),
			!place.thread && iconButton("bolt", "Shortcuts", openShortcuts),
			field,
			chooser,
			h("button.primary", {type: "submit"}, "Send")
		),
		place.thread && h("label.also.hint", broadcast, ` Also send to ${place.title}`),
		advice
	];
}

function openShortcuts({currentTarget}) {
	const known = state.app.shortcuts
		.filter(({type}) => type === "global")
		.map(({name, description: title, callback_id}) =>
			choice(name, () => actAsMe("shortcut", {callback_id}), {title})
		);
	openMenu(currentTarget, "Shortcuts", known.length ? known : hint("Its shortcuts stand in the menu (⋯) of each message."));
}

async function sendFiles(files, {channel, thread}) {
	for (const file of files) {
		const bytes = new Uint8Array(await file.arrayBuffer());
		const content = btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(""));
		await actAsMe("upload", {channel, name: file.name, content, thread_ts: thread});
	}
}

function advise(place, typed, inThread) {
	const known = !inThread && state.app.commands.find(({command}) => `${typed} `.startsWith(`${command} `));
	const keys = `Enter sends as ${nameOf(state.me)}, Shift+Enter makes a new line${inThread ? "" : ", / starts a command"}.`;
	place.textContent = known ? `${known.command} ${known.usage_hint ?? ""}: ${known.description}` : keys;
	place.classList.toggle("command", Boolean(known));
}

async function send(typed, {channel, thread}, broadcast) {
	if (!typed.startsWith("/")) return actAsMe("post", {channel, text: typed, thread_ts: thread, broadcast});
	if (!thread) {
		const [command, text = ""] = typed.trim().split(/\s+(.*)/s);
		return actAsMe("command", {channel, command, text});
	}
	notify("Slack takes commands outside of threads only: type it in the channel.");
	return null;
}
