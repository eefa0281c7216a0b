// The app's process, the workspace's time, and a fresh start.

import {read} from "./api.js";
import {button, fill, h, hint} from "./dom.js";
import {confirmedDanger, notify, perform} from "./gestures.js";
import {SKIPS, skipButton} from "./sidebar.js";
import {now, state} from "./state.js";
import {momentOf, timeOf} from "./time.js";
import {select, switchBox} from "./workshop-faults.js";
import {deliverNow} from "./workshop-inspector.js";
import {span, times} from "./workshop-words.js";

const WORDS = {
	unknown: "looked after by nobody",
	starting: "starting",
	ready: "running",
	dead: "dead",
	erased: "starting from nothing"
};
const TONES = {running: "good", connected: "good", dead: "bad", "not connected": "bad"};
const EVERY = [
	[5, "5 s"],
	[15, "15 s"],
	[60, "1 min"]
];

export class AppProcess {
	constructor(root, chip, announce) {
		this.chip = chip;
		this.announce = announce;
		this.app = {supervised: false, state: "unknown", since: 0, kills: 0, kill_every: 0, detail: ""};
		this.sockets = 0;
		this.said = h("p.state");
		this.kill = button("Kill it", () => perform("app", {want: "killed"}), {class: "danger"});
		this.start = button("Start it", () => perform("app", {want: "running"}), {class: "primary"});
		this.again = switchBox(() => this.flipAgain());
		this.every = select("How long it lives each time", EVERY, () => this.again.checked && this.flipAgain());
		this.detail = h("pre", {hidden: true});
		this.why = hint();
		this.time = h("time");
		this.offset = h("span.hint");
		this.real = button("Back to real time", () => perform("skip", {to_real: true}));
		fill(
			root,
			card(
				"The app’s process",
				this.said,
				this.detail,
				row(this.kill, this.start),
				row(h("label", this.again, " Kill it again and again, each time after"), this.every),
				this.why,
				row(button("Deliver waiting events now", deliverNow)),
				hint("An event that is not acknowledged comes again at once, after a minute, and after five more.")
			),
			card(
				"Time",
				h("p.state", this.time, this.offset),
				row([...SKIPS, ["+1 day", "Skip a day", () => 86_400]].map(skipButton), this.real),
				hint("The app follows the same clock, so reminders and reports become due.")
			),
			card(
				"Start over",
				hint("Everything that was written goes, and so do faults and skipped time."),
				row(button("Start over…", () => this.startOver(), {class: "danger"}))
			)
		);
		setInterval(() => this.tick(), 1000);
	}

	async load() {
		const [app, conditions] = await Promise.all([read("app"), read("conditions")]);
		this.overHttp = conditions.transport === "http";
		this.sockets = conditions.sockets;
		this.onApp(app);
	}

	onSockets({count}) {
		this.sockets = count;
		this.tick();
	}

	onApp(app) {
		if (app.state !== this.app.state && this.app.since) this.announce(`${state.app.name} is ${WORDS[app.state]}.`);
		this.app = app;
		const {supervised, detail, kills} = app;
		const isUp = ["starting", "ready"].includes(app.state);
		const hadFocus = [this.kill, this.start].includes(document.activeElement);
		this.kill.disabled = !supervised || !isUp;
		this.start.disabled = !supervised || isUp;
		if (hadFocus) (isUp ? this.kill : this.start).focus();
		this.again.disabled = this.every.disabled = !supervised;
		this.again.checked = app.kill_every > 0;
		this.detail.hidden = !detail;
		this.detail.textContent = detail;
		const killed = kills ? `Killed ${times(kills)} so far.` : "";
		this.why.textContent = supervised
			? `As with a power cut: the process gets no chance to tidy up. ${killed}`
			: "It was not started together with this sandbox, so it cannot be ended or started here.";
		this.tick();
	}

	tick() {
		const {supervised, state: found, since} = this.app;
		const name = state.app.name ?? "The app";
		const words = supervised ? WORDS[found] : this.overHttp || this.sockets > 0 ? "connected" : "not connected";
		const tone = TONES[words] ?? "wait";
		const age = `since ${timeOf(since + state.offset)}, ${span(Date.now() / 1000 - since)}`;
		fill(this.said, dot(tone), h("strong", `${name} is ${words}`), supervised && h("span.hint", age));
		this.chip.hidden = false;
		if (this.chip.dataset.said !== words) {
			this.chip.dataset.said = words;
			fill(this.chip, dot(tone), h("span", `${name}: ${words}`));
		}
		this.time.textContent = momentOf(now());
		const ahead = Math.round(state.offset / 60) * 60;
		const shift = `${span(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} `;
		this.offset.textContent = `${ahead ? shift : ""}real time`;
		this.real.disabled = !ahead;
	}

	flipAgain() {
		return perform("app", {kill_every: this.again.checked ? Number(this.every.value) : 0});
	}

	async startOver() {
		const words =
			"Every message goes, and all that the app remembers of them. The workspace is as it was before anybody wrote.";
		if (!(await confirmedDanger("Start over?", words, "Start over"))) return;
		notify("Starting over…", Infinity);
		if (!(await perform("reset", {}))) return;
		const next = this.app.supervised ? "; the app is on its way." : ". Start the app anew, too.";
		notify(`A fresh workspace${next}`, 6);
	}
}

const card = (title, ...children) => h("section.card", h("h3", title), children);

const row = (...children) => h("div.row", children);

const dot = tone => h(`span.dot-of.${tone}`, {"aria-hidden": "true"});
