// What can be broken on purpose, as switches.

import {act, read} from "./api.js";
import {button, fill, h, hint} from "./dom.js";
import {notify, perform} from "./gestures.js";
import {counted} from "./messages.js";
import {times} from "./workshop-words.js";

export class Faults {
	constructor(root, chip, groups) {
		this.chip = chip;
		this.rules = [];
		this.switches = new Map();
		this.names = new Map(groups.flatMap(({kinds}) => kinds.map(({kind, name}) => [kind, name])));
		fill(
			root,
			hint("Break something, keep working, lift it again. What you break is not counted against the app."),
			groups.map(({title, kinds}) => group(title, kinds.map(kind => this.drawKind(kind)))),
			group("Once", [
				once("Cut the sockets", "All of them break, without a word.", "drop_sockets", "dropped"),
				once("Ask for a new socket", "Slack does so several times a day.", "refresh_sockets", "sockets")
			])
		);
	}

	async load() {
		this.onConditions(await read("conditions"));
	}

	onConditions({faults}) {
		this.rules = faults.filter(({times, used}) => !(times > 0 && used >= times));
		for (const [kind, box] of this.switches) {
			const own = this.rulesOf(kind);
			const hits = own.reduce((sum, rule) => sum + rule.used, 0);
			box.checked = own.length > 0;
			box.hits.textContent = hits ? `hit ${times(hits)}` : "";
		}
		this.drawChip();
	}

	// A call met a fault: counts have changed
	onHit() {
		clearTimeout(this.reading);
		this.reading = setTimeout(() => this.load(), 400);
	}

	rulesOf(kind) {
		return this.rules.filter(rule => rule.kind === kind);
	}

	drawKind({kind, name, words, choices}) {
		const box = switchBox(() => flip());
		const selects = choices.map(({field, label, options}) => [
			field,
			select(`${name}: ${label}`, options, () => box.checked && flip())
		]);
		const flip = async () => {
			const isWanted = box.checked;
			for (const {id} of this.rulesOf(kind)) await perform("lift", {id});
			const chosen = selects.map(([field, node]) => [field, JSON.parse(node.value)]);
			if (isWanted) await perform("fault", {kind, ...Object.fromEntries(chosen)});
		};
		box.hits = h("span.hits");
		this.switches.set(kind, box);
		return h(
			"div.fault",
			h("label", box, h("span", h("strong", name), " ", box.hits, h("span.hint", words))),
			selects.length > 0 && h("div.choices", selects.map(([, node]) => node))
		);
	}

	drawChip() {
		const names = [...new Set(this.rules.map(({kind}) => this.names.get(kind)))];
		const [only] = names;
		const isOne = names.length === 1;
		this.chip.hidden = !only;
		if (this.chip.dataset.said === names.join()) return;
		this.chip.dataset.said = names.join();
		const lift = button(`Lift${isOne ? "" : " all"}`, () => perform("lift", {}));
		fill(this.chip, h("span", {title: names.join(", ")}, isOne ? only : `${names.length} faults`), lift);
	}
}

const group = (title, faults) => h("fieldset.fault-group", h("legend", title), faults);

function once(label, words, name, key) {
	const breakIt = async () => {
		const {[key]: broken} = await act(name, {});
		const told = `${counted(broken, "socket")} told. The app should be back in a moment.`;
		notify(broken ? told : "No socket is open.", 4);
	};
	return h("div.fault", h("span.hint", words), button(label, breakIt));
}

export const switchBox = onchange => h("input", {type: "checkbox", role: "switch", onchange});

export function select(label, options, onchange) {
	const choices = options.map(([value, text]) => h("option", {value: JSON.stringify(value)}, text));
	return h("select", {"aria-label": label, onchange}, choices);
}
