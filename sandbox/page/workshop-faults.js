// What can be broken on purpose, as switches.

import { act, read } from "./api.js";
import { button, fill, h, hint } from "./dom.js";
import { notify, perform } from "./gestures.js";
import { span } from "./workshop-words.js";

const OFTEN = ["probability", "How often", [[1, "every call"], [0.5, "every other call"], [0.1, "one call in ten"]]];
const seconds = (words, ...counts) => ["seconds", "How long", counts.map(count => [count, `${words} ${span(count)}`])];

/** Groups of [kind, name, what will happen, what can be chosen]. The kinds are those of sandbox/faults.py. */
const GROUPS = [
	["When the app calls", [
		["ratelimited", "Rate limit", "Calls are refused: “429, come back later”.", OFTEN, seconds("in", 1, 5, 30)],
		["http_error", "Server error", "Calls fail with status 500. Nothing is carried out.", OFTEN],
		["lost_answer", "Lost answer", "Calls are carried out, but the app never hears so. A careless one now posts twice.", OFTEN],
		["drop", "Cut connection", "Calls break off before they are carried out.", OFTEN],
		["hang", "Slow answers", "Calls take long.", OFTEN, seconds("wait", 2, 8, 20)],
		["error", "Internal error", "Calls are refused: “internal_error”.", OFTEN],
		["garbage", "A web page", "Calls are answered with HTML in place of JSON.", OFTEN]
	]],
	["When it reads", [
		["history_lag", "Late history", "What was written last is missing from history.", seconds("last", 5, 30, 120)],
		["page_cap", "Small pages", "Lists come in many small pages.", ["count", "How small", [[1, "1 each"], [3, "3 each"], [20, "20 each"]]]]
	]],
	["When it is told", [
		["duplicate_events", "Events twice", "Each event is delivered again.", ["same_id", "Under which id", [[true, "same id"], [false, "new id"]]]],
		["shuffle_events", "Events out of order", "Each event waits a random time.", seconds("up to", 1, 5, 20)],
		["lose_events", "Events lost", "Events are never sent, not even later."],
		["withhold_events", "Events held back", "No event is delivered. All of them come when you lift this."]
	]],
	["Everything", [
		["outage", "Slack is down", "Every call and every connection is cut.", ["mode", "How", [["drop", "cut"], ["503", "answered 503"]]]]
	]]
];
const NAMES = new Map(GROUPS.flatMap(([, kinds]) => kinds));

export class Faults {
	constructor(root, chip) {
		this.chip = chip;
		this.rules = [];
		this.switches = new Map();
		fill(
			root,
			hint("Break something, keep working, lift it again. What you break is not counted against the app."),
			GROUPS.map(([title, kinds]) => group(title, kinds.map(kind => this.drawKind(...kind)))),
			group("Once", [
				once("Cut the sockets", "All of them break, without a word.", "drop_sockets", "dropped"),
				once("Ask for a new socket", "Slack does so several times a day.", "refresh_sockets", "sockets")
			])
		);
	}

	async load() {
		this.onConditions(await read("conditions"));
	}

	/** Faults in force, as `/control/conditions` tells them. */
	onConditions({ faults }) {
		this.rules = faults.filter(({ times, used }) => !(times > 0 && used >= times));
		for (const [kind, box] of this.switches) {
			const own = this.rulesOf(kind);
			const hits = own.reduce((sum, rule) => sum + rule.used, 0);
			box.checked = own.length > 0;
			box.hits.textContent = hits ? `hit ${hits === 1 ? "once" : `${hits} times`}` : "";
		}
		this.drawChip();
	}

	/** A call met a fault: counts have changed. */
	onHit() {
		clearTimeout(this.reading);
		this.reading = setTimeout(() => this.load(), 400);
	}

	rulesOf(kind) {
		return this.rules.filter(rule => rule.kind === kind);
	}

	drawKind(kind, name, words, ...choices) {
		const box = switchBox(() => flip());
		const selects = choices.map(([field, label, options]) => [
			field,
			select(`${name}: ${label}`, options, () => box.checked && flip())
		]);
		const flip = async () => {
			const isWanted = box.checked;
			for (const { id } of this.rulesOf(kind)) await perform("lift", { id });
			const chosen = selects.map(([field, node]) => [field, JSON.parse(node.value)]);
			if (isWanted) await perform("fault", { kind, ...Object.fromEntries(chosen) });
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
		const names = [...new Set(this.rules.map(({ kind }) => NAMES.get(kind) ?? kind))];
		const [only] = names;
		const isOne = names.length === 1;
		this.chip.hidden = !only;
		if (this.chip.dataset.said === names.join()) return;
		this.chip.dataset.said = names.join();
		const lift = button(isOne ? "Lift" : "Lift all", () => perform("lift", {}));
		fill(this.chip, h("span", { title: names.join(", ") }, isOne ? only : `${names.length} faults`), lift);
	}
}

function group(title, faults) {
	return h("fieldset.fault-group", h("legend", title), faults);
}

function once(label, words, name, key) {
	const breakIt = async () => {
		const { [key]: broken } = await act(name, {});
		const told = `${broken === 1 ? "One socket" : `${broken} sockets`} told. The app should be back in a moment.`;
		notify(broken ? told : "No socket is open.", 4);
	};
	return h("div.fault", h("span.hint", words), button(label, breakIt));
}

export function switchBox(onchange) {
	return h("input", { type: "checkbox", role: "switch", onchange });
}

/** @param {[unknown, string][]} options values and what is shown */
export function select(label, options, onchange) {
	const choices = options.map(([value, text]) => h("option", { value: JSON.stringify(value) }, text));
	return h("select", { "aria-label": label, onchange }, choices);
}
