// The emoji picker: those used last, and all others by name.

import {button, closeMenu, fill, h, hint, openMenu} from "./dom.js";
import {emojiCharacter, emojiNames} from "./text.js";

const MOST = 56;
let recent = "ticket eyes white_check_mark hourglass rotating_light shushing_face +1 heart tada".split(" ");

export function openPicker(anchor, pick) {
	const choose = name => {
		recent = [name, ...recent.filter(known => known !== name)].slice(0, 18);
		closeMenu();
		pick(name);
	};
	const grid = h("div.picks");
	const search = h("input", {type: "search", placeholder: "Search emoji", "aria-label": "Search emoji"});
	let names = [];
	const draw = () => {
		const wanted = search.value.trim().replaceAll(":", "").toLowerCase().replaceAll(" ", "_");
		names = wanted ? emojiNames(wanted, MOST) : recent;
		const picks = names.map(name => pickButton(name, () => choose(name)));
		fill(grid, picks.length ? picks : hint("No emoji of that name."));
	};
	const takeFirst = event => {
		event.preventDefault();
		if (names.length) choose(names[0]);
	};
	search.addEventListener("input", draw);
	draw();
	openMenu(anchor, "Add a reaction", h("form", {onsubmit: takeFirst}, search), grid);
}

function pickButton(name, onclick) {
	const label = `:${name}:`;
	return button(emojiCharacter(name) ?? label, onclick, {
		class: "plain",
		title: label,
		"aria-label": name.replaceAll("_", " ")
	});
}
