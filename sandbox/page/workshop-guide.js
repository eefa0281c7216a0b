// A guide to the app, as the example brings it: one step at a time, and each is done when it has really happened.

import {read} from "./api.js";
import {button, fill, h, recall, remember} from "./dom.js";
import {iconButton} from "./icons.js";
import {state} from "./state.js";

const STORE = "guide";

export class Guide {
	constructor(root, button, announce) {
		this.root = root;
		this.button = button;
		this.announce = announce;
		this.steps = [];
		this.at = 0;
		this.kept = {};
		button.addEventListener("click", () => (root.hidden ? this.open() : this.close()));
	}

	async load(isSupervised) {
		const {steps, run} = await read("guide");
		this.steps = steps.filter(step => !step.needs || isSupervised);
		this.button.hidden = this.steps.length === 0;
		const before = recall(STORE);
		const {at, kept} = before?.run === run ? before : {at: 0, kept: {}};
		Object.assign(this, {run, at, kept, isOpen: before?.isOpen ?? true});
		this.arrived();
	}

	open() {
		if (this.at >= this.steps.length) this.at = 0;
		this.isOpen = true;
		this.save();
		this.root.querySelector("button")?.focus();
	}

	close() {
		this.isOpen = false;
		this.save();
		this.button.focus();
	}

	// Something happened, or somebody looks at another place: perhaps that was the step
	onEntry(entry) {
		const step = this.steps[this.at];
		if (!step?.when.some(pattern => matches(pattern, entry, this.kept))) return;
		for (const [name, path] of Object.entries(step.keep))
			this.kept[name] = path.split(".").reduce((value, part) => value?.[part], entry);
		this.go(this.at + 1);
		if (this.isOpen) this.announce(`Done: ${step.title}.`);
	}

	go(at) {
		this.at = Math.max(0, Math.min(this.steps.length, at));
		this.save();
		this.arrived();
	}

	// The place that is open now counts as something that happens
	arrived() {
		this.draw();
		if (this.steps[this.at]?.when.some(({type}) => type === "place"))
			this.onEntry({type: "place", user: state.me, channel: state.channel});
	}

	save() {
		const {run, at, kept, isOpen} = this;
		remember(STORE, {run, at, kept, isOpen});
		this.draw();
	}

	draw() {
		const {root, steps, at} = this;
		root.hidden = !this.isOpen || steps.length === 0;
		this.button.setAttribute("aria-expanded", String(!root.hidden));
		if (root.hidden) return;
		const hadFocus = root.contains(document.activeElement);
		const away = iconButton("close", "Put the guide away", () => this.close());
		const [words, ...buttons] = steps[at] ? this.drawStep(steps[at]) : this.drawEnd();
		fill(root, words, h("div.row", buttons, away));
		if (hadFocus) root.querySelector("button")?.focus();
	}

	drawStep({title, text, at, when}) {
		const step = (label, by) =>
			button(label, () => this.go(this.at + by), {class: "plain", disabled: this.at + by < 0});
		const progress = h("span.badge", h("span.hidden", "Step "), `${this.at + 1} / ${this.steps.length}`);
		const words = h("div.words", h("strong", title), " ", withKeys(text));
		return [[progress, words], at && takeMeThere(at), step("Back", -1), step(when.length ? "Skip" : "Next", 1)];
	}

	drawEnd() {
		const words = " Everything stays here to try; the guide can be called again from the top.";
		const again = button("Once more", () => this.go(0), {class: "plain"});
		return [h("div.words", h("strong", "That was the tour."), words), again];
	}
}

function takeMeThere(place) {
	const [handle, channel] = place.split("/");
	const person = [...state.users.values()].find(user => user.name === handle);
	const isHere = person?.id === state.me && (!channel || channel === state.channels.get(state.channel)?.name);
	const label = `Be ${person?.profile.display_name || handle}${channel ? ` in ${channel}` : ""}`;
	return !isHere && button(label, () => (location.hash = place), {class: "primary"});
}

// What stands between backticks is something to type
const withKeys = text => text.split("`").map((part, index) => (index % 2 ? h("kbd", part) : part));

// Whether an entry has all that a pattern asks for; see "The guide" in sandbox/README.md
function matches(pattern, found, kept) {
	if (Array.isArray(pattern))
		return Array.isArray(found) && pattern.every(part => found.some(item => matches(part, item, kept)));
	if (pattern && typeof pattern === "object")
		return Object.entries(pattern).every(([name, part]) => matches(part, found?.[name], kept));
	if (typeof pattern !== "string") return pattern === found;
	if (pattern === "*") return Boolean(found);
	if (!pattern.startsWith("~")) return found === meant(pattern, kept);
	return JSON.stringify(found ?? "").toLowerCase().includes(pattern.slice(1).toLowerCase());
}

function meant(word, kept) {
	const [mark, name] = [word[0], word.slice(1)];
	if (word === "@app") return state.app.bot_user;
	if (mark === "$") return kept[name];
	const items = {"@": state.users, "#": state.channels}[mark];
	return items ? [...items.values()].find(item => item.name === name)?.id : word;
}
