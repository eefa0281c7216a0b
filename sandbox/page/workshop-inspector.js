// What a developer sees of Slack: envelopes to the app, its calls, and breaches of the protocol.

import {act, read} from "./api.js";
import {button, fill, h, hint, keepingFocus} from "./dom.js";
import {notify} from "./gestures.js";
import {iconButton} from "./icons.js";
import {momentOf, timeWithSeconds} from "./time.js";
import {copyButton, showPointer, tree} from "./workshop-tree.js";
import {attemptWords, complaint, duration, explained, summary} from "./workshop-words.js";

const MOST = 10_000;
const SPARE = 1_000;
// Pixels; rows drawn beyond those in sight
const ROW = 32;
const BEYOND = 8;
const FILTERS = Object.entries({event: "Events", gesture: "Gestures", call: "Calls", violation: "Violations"});
const STEPS = {ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity};

// The list of everything that went between Slack and the app, with one entry opened beside it
export class Inspector {
	constructor(root, announce) {
		this.announce = announce;
		this.rows = [];
		this.byKey = new Map();
		this.shown = [];
		this.hidden = new Set();
		this.onlyTrouble = false;
		this.message = null;
		this.isPaused = false;
		this.held = [];
		this.selected = null;
		this.build(root);
	}

	// What went before is read when somebody looks for the first time
	async look() {
		if (!this.isLoaded && !this.isOutOfSight()) {
			this.isLoaded = true;
			const {entries} = await read("journal", {last: 2000});
			this.forget();
			entries.forEach(entry => this.take(entry));
		}
		this.refilter();
	}

	onEntry(entry) {
		if (!this.isLoaded) return;
		if (this.isPaused) {
			this.held.push(entry);
			if (this.held.length > MOST) this.held.shift();
			return this.drawCount();
		}
		this.take(entry);
		this.drawSoon();
	}

	take(entry) {
		const {type, number, time} = entry;
		const key = `${type === "violation" ? "v" : "e"}${number}`;
		const row = this.byKey.get(key) ?? {key, type, number, time};
		const before = row.line;
		// Entries are kept as text: that is small, and quick to search.
		row.text = JSON.stringify(entry);
		row.line = summary(entry);
		row.isWaiting = entry.waits === "redelivery";
		if (before) return this.noteChange(row, before);
		this.byKey.set(key, row);
		this.rows.push(row);
		if (this.passes(row)) this.shown.push(row);
		if (this.rows.length <= MOST + SPARE) return;
		for (const old of this.rows.splice(0, SPARE)) this.byKey.delete(old.key);
		this.refilter();
	}

	noteChange(row, before) {
		const {kind, name, status, tone} = row.line;
		if (kind !== "event" && before.tone === "wait" && tone !== "wait") this.announce(`${name}: ${status}`);
		if (row === this.selected) this.detailDue = true;
	}

	forget() {
		this.rows = [];
		this.byKey.clear();
		this.held = [];
		this.select(null);
		this.refilter();
	}

	passes({line: {kind, tone}, text}) {
		if (this.hidden.has(["interaction", "command"].includes(kind) ? "gesture" : kind)) return false;
		if (this.onlyTrouble && tone === "good") return false;
		if (this.message && !text.includes(`"${this.message}"`)) return false;
		return !this.pattern || this.pattern.test(text);
	}

	refilter() {
		const wanted = this.search.value.trim().replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
		this.pattern = wanted && new RegExp(wanted, "i");
		this.shown = this.rows.filter(row => this.passes(row));
		this.drawSoon();
	}

	// Shows only what speaks of one message
	inspect(ts) {
		this.message = ts;
		this.drawFilters();
		this.refilter();
		const made = this.shown.find(({type, line}) => type === "call" && line.name.startsWith("chat.post"));
		this.select(made ?? this.shown[0] ?? null);
	}

	build(root) {
		this.search = h("input", {
			type: "search",
			placeholder: "Search in everything",
			"aria-label": "Search",
			oninput: () => this.refilter()
		});
		this.filters = h("div.chips", {role: "group", "aria-label": "Show"});
		this.count = h("span.hint");
		this.pause = button("Pause", () => this.flipPause(), {"aria-pressed": "false"});
		this.space = h("div.space");
		this.list = h(
			"div.traffic",
			{
				role: "listbox",
				tabindex: "0",
				"aria-label": "Traffic between Slack and the app, oldest first",
				onscroll: () => this.drawSoon(),
				onkeydown: event => this.onKey(event),
				onclick: ({target}) => this.onClick(target.closest("[data-index]"))
			},
			this.space
		);
		this.empty = h("p.hint.nothing");
		this.detail = h("section.detail", {"aria-label": "The entry", hidden: true});
		this.split = h("div.split", h("div.list", this.list, this.empty), this.detail);
		this.drawFilters();
		const row = h("div.row", this.search, this.pause, button("Clear", () => act("forget", {})));
		fill(root, h("div.tools", this.filters, row, this.count), this.split);
		new ResizeObserver(() => this.drawSoon()).observe(this.list);
		setInterval(() => this.countDown(), 1000);
	}

	drawFilters() {
		const chip = (label, isOn, flip) => {
			const onclick = () => {
				flip();
				this.drawFilters();
				this.refilter();
			};
			return button(label, onclick, {class: "chip", "aria-pressed": String(isOn)});
		};
		const flipKind = kind => this.hidden.delete(kind) || this.hidden.add(kind);
		const chips = [
			FILTERS.map(([kind, label]) => chip(label, !this.hidden.has(kind), () => flipKind(kind))),
			chip("Only trouble", this.onlyTrouble, () => (this.onlyTrouble = !this.onlyTrouble)),
			this.message && chip("About one message ×", true, () => (this.message = null))
		];
		keepingFocus(this.filters, root => fill(root, chips));
	}

	flipPause() {
		this.isPaused = !this.isPaused;
		this.pause.setAttribute("aria-pressed", String(this.isPaused));
		this.pause.textContent = this.isPaused ? "Go on" : "Pause";
		this.held.splice(0).forEach(entry => this.take(entry));
		this.drawSoon();
	}

	isOutOfSight() {
		return this.count.offsetParent === null;
	}

	countDown() {
		if (this.isOutOfSight()) return;
		const waiting = this.shown.slice(-400).filter(row => row.isWaiting);
		for (const row of waiting) row.line = summary(JSON.parse(row.text));
		if (waiting.length) this.drawSoon();
	}

	drawSoon() {
		this.drawing ??= requestAnimationFrame(() => {
			this.drawing = null;
			this.draw();
		});
	}

	draw() {
		if (this.isOutOfSight()) return;
		const {list, space, shown, selected} = this;
		list.hidden = !shown.length;
		this.empty.hidden = !list.hidden;
		const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < ROW * 1.5 || !space.children.length;
		space.style.height = `${shown.length * ROW}px`;
		if (wasAtEnd && !selected) list.scrollTop = list.scrollHeight;
		if (this.isBeingSought) this.scrollTo(selected);
		this.isBeingSought = false;
		const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
		const last = Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND;
		fill(space, shown.slice(first, last).map((row, index) => this.drawRow(row, first + index)));
		this.empty.textContent = this.rows.length
			? "Nothing matches. Choose more kinds, or search for something else."
			: "Nothing yet: write something, and see what the app hears of it.";
		const active = selected && document.getElementById(`traffic-${selected.key}`);
		if (active) list.setAttribute("aria-activedescendant", active.id);
		else list.removeAttribute("aria-activedescendant");
		this.drawCount();
		if (this.detailDue) this.drawDetail();
	}

	drawRow(row, index) {
		const {arrow, kind, name, about, status, tone} = row.line;
		const node = h(
			`div.entry.${tone}`,
			{
				id: `traffic-${row.key}`,
				role: "option",
				"aria-selected": String(row === this.selected),
				"aria-setsize": this.shown.length,
				"aria-posinset": index + 1,
				"data-index": index
			},
			h("span.arrow", {"aria-hidden": "true"}, arrow),
			h("time", timeWithSeconds(row.time)),
			h("span.hidden", `${kind} `),
			h("strong", name),
			h("span.about", about),
			h("span.status", status)
		);
		node.style.top = `${index * ROW}px`;
		return node;
	}

	drawCount() {
		const [total, shown] = [this.rows.length, this.shown.length];
		const parts = [
			shown === total ? `${total} entries` : `${shown} of ${total} entries`,
			total >= MOST && "older ones are left out",
			this.isPaused && `paused, ${this.held.length} more`
		];
		this.count.textContent = parts.filter(Boolean).join(" · ");
	}

	onClick(node) {
		if (node) this.select(this.shown[node.dataset.index]);
	}

	onKey(event) {
		const {selected, shown} = this;
		if (event.key === "Escape" && selected) {
			event.stopPropagation();
			this.select(null);
		}
		if (!(event.key in STEPS) || !shown.length) return;
		event.preventDefault();
		const next = (selected ? shown.indexOf(selected) : shown.length) + STEPS[event.key];
		this.select(shown[Math.min(shown.length - 1, Math.max(0, next))]);
	}

	scrollTo(row) {
		const {list} = this;
		const top = this.shown.indexOf(row) * ROW;
		list.scrollTop = Math.min(top, Math.max(list.scrollTop, top + ROW - list.clientHeight));
	}

	select(row) {
		this.selected = row;
		this.drawDetail();
		this.isBeingSought = Boolean(row);
		this.drawSoon();
	}

	drawDetail() {
		this.detailDue = false;
		this.detail.hidden = !this.selected;
		this.split.classList.toggle("opened", Boolean(this.selected));
		if (!this.selected) return;
		const entry = JSON.parse(this.selected.text);
		const {name, kind, about} = this.selected.line;
		const close = () => {
			this.select(null);
			this.list.focus();
		};
		const draw = {call: drawCall, envelope: drawEnvelope, violation: item => this.drawViolation(item)}[entry.type];
		const words = ` ${kind}${about && kind !== "violation" ? `, ${about}` : ""}`;
		fill(
			this.detail,
			h("header", h("h3", name, h("span.hint", words)), iconButton("close", "Close the entry", close)),
			h("div.body", hint(momentOf(entry.time)), draw(entry), copyButton(entry))
		);
	}

	drawViolation({detail, number, method, kind}) {
		const {words, pointer} = complaint(detail);
		const cause = this.rows.find(row => row.type === "call" && row.number > number && row.line.name === method);
		const open = () => {
			this.select(cause);
			if (pointer) showPointer(this.detail, pointer);
		};
		return [
			h("p", h("strong", explained(kind) || kind)),
			words !== kind && h("p", words),
			pointer && h("p", "At ", h("code", pointer)),
			cause && h("p", button("Show the call", open))
		];
	}
}

function drawCall({args, answer, answered, duration_ms, status}) {
	const error = answer.ok === false && answer.error;
	const given = tree(args, "Arguments");
	const said = (answer.response_metadata?.messages ?? []).map(complaint).map(({words, pointer}) => {
		const show = () => showPointer(given, pointer);
		return h("li", words, pointer && button(pointer, show, {class: "plain pointer"}));
	});
	const end = answered ? `Answered after ${duration(duration_ms)}` : "The answer never arrived";
	return [
		error && h("p", h("strong", error), explained(error) && ` · ${explained(error)}`),
		said.length > 0 && h("ul.complaints", {"aria-label": "What Slack says"}, said),
		h("p", `${end}, HTTP ${status}.`),
		given,
		tree(answer, "Answer", Boolean(error))
	];
}

function drawEnvelope(envelope) {
	const {attempts, payload} = envelope;
	const tries = attempts.map(attempt => {
		const isBad = !["acked", "pending"].includes(attempt.outcome);
		return h(isBad ? "li.error" : "li", attemptWords(attempt));
	});
	const {ack = {}} = attempts.at(-1) ?? {};
	return [
		tries.length ? h("ol.tries", {"aria-label": "Tries"}, tries) : h("p", "Not sent yet."),
		envelope.waits && hint(summary({...envelope, type: "envelope"}).status),
		tree(payload, "Payload"),
		Object.keys(ack).length > 0 && tree(ack, "What the app answered")
	];
}

export async function deliverNow() {
	await act("redeliver", {});
	notify("What was waiting is on its way.", 4);
}
