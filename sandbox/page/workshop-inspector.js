// What a developer sees of Slack: envelopes to the app, its calls, and breaches of the protocol.

import { act, read } from "./api.js";
import { fill, h } from "./dom.js";
import { notify } from "./gestures.js";
import { button, crossButton, hint, row } from "./workshop-parts.js";
import { copyButton, showPointer, tree } from "./workshop-tree.js";
import { attemptWords, complaint, complaints, duration, explained, retryReason, summary } from "./workshop-words.js";
import { momentOf, timeWithSeconds } from "./time.js";

const MOST = 10_000;
const SPARE = 1_000;
const ROW = 32;
const BEYOND = 8;

const FILTERS = [
  ["event", "Events"],
  ["gesture", "Gestures"],
  ["call", "Calls"],
  ["violation", "Violations"],
];

/** The list of everything that went between Slack and the app, with one entry opened beside it. */
export class Inspector {
  constructor(root, announce) {
    this.announce = announce;
    this.rows = [];
    this.byKey = new Map();
    this.shown = [];
    this.hidden = new Set();
    this.onlyTrouble = false;
    this.wanted = "";
    this.message = null;
    this.isPaused = false;
    this.held = [];
    this.selected = null;
    this.build(root);
  }

  /** Reads what happened before. */
  async load() {
    // What comes while we read is newer than what we read.
    this.isLoading = true;
    const { entries } = await read("journal", { last: 2000 }).finally(() => (this.isLoading = false));
    const since = this.held;
    this.forget();
    for (const entry of [...entries, ...since]) this.take(entry);
    this.refilter();
  }

  /** One entry of the stream. */
  onEntry(entry) {
    if (this.isPaused || this.isLoading) {
      this.held.push(entry);
      if (this.held.length > MOST) this.held.shift();
      this.drawCount();
      return;
    }
    this.take(entry);
    this.drawSoon();
  }

  take(entry) {
    const key = `${entry.type === "violation" ? "v" : "e"}${entry.number}`;
    const known = this.byKey.get(key);
    if (known) {
      const before = known.line.tone;
      this.describe(known, entry);
      if (known.line.kind !== "event" && before === "wait" && known.line.tone !== "wait")
        this.announce(`${known.line.name}: ${known.line.status}`);
      if (known === this.selected) this.detailDue = true;
      return;
    }
    const row = { key, type: entry.type, number: entry.number, time: entry.time };
    this.describe(row, entry);
    this.byKey.set(key, row);
    this.rows.push(row);
    if (this.passes(row)) this.shown.push(row);
    if (this.rows.length > MOST + SPARE) this.shed();
  }

  // Entries are kept as text: that is small, and quick to search.
  describe(row, entry) {
    row.text = JSON.stringify(entry);
    row.line = summary(entry);
    row.isWaiting = entry.type === "envelope" && entry.waits === "redelivery";
  }

  shed() {
    for (const row of this.rows.splice(0, SPARE)) this.byKey.delete(row.key);
    this.refilter();
  }

  forget() {
    this.rows = [];
    this.byKey.clear();
    this.held = [];
    this.select(null);
    this.refilter();
  }

  // --- filters ---

  passes(row) {
    const kind = ["interaction", "command"].includes(row.line.kind) ? "gesture" : row.line.kind;
    if (this.hidden.has(kind)) return false;
    if (this.onlyTrouble && row.line.tone === "good") return false;
    if (this.message && !row.text.includes(`"${this.message}"`)) return false;
    return !this.pattern || this.pattern.test(row.text);
  }

  refilter() {
    const escaped = this.wanted.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    this.pattern = escaped ? new RegExp(escaped, "i") : null;
    this.shown = this.rows.filter((row) => this.passes(row));
    this.drawSoon();
  }

  /** Shows only what speaks of one message: the calls that made it, and what the app was told of it. */
  inspect(ts) {
    this.message = ts;
    this.drawFilters();
    this.refilter();
    const made = this.shown.find((row) => row.type === "call" && row.line.name.startsWith("chat.post"));
    this.select(made ?? this.shown[0] ?? null);
  }

  // --- drawing ---

  build(root) {
    this.search = h("input", {
      type: "search",
      placeholder: "Search in everything",
      "aria-label": "Search",
      oninput: () => {
        this.wanted = this.search.value.trim();
        clearTimeout(this.searching);
        this.searching = setTimeout(() => this.refilter(), 150);
      },
    });
    this.filters = h("div", { class: "chips", role: "group", "aria-label": "Show" });
    this.count = h("span", { class: "hint" });
    this.pause = button("Pause", () => this.flipPause(), { "aria-pressed": "false" });
    const clear = button("Clear", () => act("forget", {}));
    this.space = h("div", { class: "space" });
    this.list = h(
      "div",
      {
        class: "traffic",
        role: "listbox",
        tabindex: "0",
        "aria-label": "Traffic between Slack and the app, oldest first",
        onscroll: () => this.drawSoon(),
        onkeydown: (event) => this.onKey(event),
        onclick: (event) => this.onClick(event),
      },
      this.space,
    );
    this.empty = h("p", { class: "hint nothing" });
    this.detail = h("section", { class: "detail", "aria-label": "The entry", hidden: true });
    this.drawFilters();
    fill(
      root,
      h("div", { class: "tools" }, this.filters, row(this.search, this.pause, clear), this.count),
      h("div", { class: "split" }, h("div", { class: "list" }, this.list, this.empty), this.detail),
    );
    new ResizeObserver(() => this.drawSoon()).observe(this.list);
    setInterval(() => this.countDown(), 1000);
  }

  drawFilters() {
    const flip = (kind) => () => {
      if (!this.hidden.delete(kind)) this.hidden.add(kind);
      this.drawFilters();
      this.refilter();
    };
    const trouble = () => {
      this.onlyTrouble = !this.onlyTrouble;
      this.drawFilters();
      this.refilter();
    };
    const anyMessage = () => {
      this.message = null;
      this.drawFilters();
      this.refilter();
    };
    const chip = (label, isOn, onclick) =>
      button(label, onclick, { class: "chip", "aria-pressed": String(isOn) });
    const place = [...this.filters.children].indexOf(document.activeElement);
    fill(
      this.filters,
      FILTERS.map(([kind, label]) => chip(label, !this.hidden.has(kind), flip(kind))),
      chip("Only trouble", this.onlyTrouble, trouble),
      this.message ? chip("About one message ×", true, anyMessage) : null,
    );
    if (place >= 0) (this.filters.children[place] ?? this.filters.lastElementChild).focus();
  }

  flipPause() {
    this.isPaused = !this.isPaused;
    this.pause.setAttribute("aria-pressed", String(this.isPaused));
    this.pause.textContent = this.isPaused ? "Go on" : "Pause";
    const held = this.held;
    this.held = [];
    for (const entry of held) this.take(entry);
    this.drawSoon();
  }

  countDown() {
    if (this.count.offsetParent === null) return;
    let isDue = false;
    for (const row of this.shown.slice(-400))
      if (row.isWaiting) {
        row.line = summary(JSON.parse(row.text));
        isDue = true;
      }
    if (isDue) this.drawSoon();
  }

  drawSoon() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.draw();
    });
  }

  draw() {
    if (this.count.offsetParent === null) return;
    const list = this.list;
    const wasAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < ROW * 1.5 || !this.space.children.length;
    this.space.style.height = `${this.shown.length * ROW}px`;
    if (wasAtEnd && !this.selected) list.scrollTop = list.scrollHeight;
    if (this.isBeingSought) this.scrollTo(this.selected);
    this.isBeingSought = false;
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - BEYOND);
    const last = Math.min(this.shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + BEYOND);
    fill(
      this.space,
      this.shown.slice(first, last).map((row, index) => this.drawRow(row, first + index)),
    );
    this.list.hidden = this.shown.length === 0;
    this.empty.hidden = this.shown.length > 0;
    this.empty.textContent = this.rows.length
      ? "Nothing matches. Choose more kinds, or search for something else."
      : "Nothing yet: write something, and you will see what the app hears of it.";
    this.markActive();
    this.drawCount();
    if (this.detailDue) this.drawDetail();
  }

  drawRow(row, index) {
    const { arrow, kind, name, about, status, tone } = row.line;
    const node = h(
      "div",
      {
        id: `traffic-${row.key}`,
        class: `entry ${tone}`,
        role: "option",
        "aria-selected": String(row === this.selected),
        "aria-setsize": this.shown.length,
        "aria-posinset": index + 1,
        "data-index": index,
      },
      h("span", { class: "arrow", "aria-hidden": "true" }, arrow),
      h("time", {}, timeWithSeconds(row.time)),
      h("span", { class: "hidden" }, `${kind} `),
      h("strong", {}, name),
      h("span", { class: "about" }, about),
      h("span", { class: "status" }, status),
    );
    node.style.top = `${index * ROW}px`;
    return node;
  }

  drawCount() {
    const total = this.rows.length;
    const parts = [this.shown.length === total ? `${total} entries` : `${this.shown.length} of ${total} entries`];
    if (total >= MOST) parts.push("older ones are left out");
    if (this.isPaused) parts.push(`paused, ${this.held.length} more`);
    this.count.textContent = parts.join(" · ");
  }

  // --- one entry ---

  onClick(event) {
    const node = event.target.closest("[data-index]");
    if (node) this.select(this.shown[Number(node.dataset.index)]);
  }

  onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    if (event.key === "Escape" && this.selected) {
      event.stopPropagation();
      this.select(null);
    }
    if (!(event.key in steps) || !this.shown.length) return;
    event.preventDefault();
    const now = this.selected ? this.shown.indexOf(this.selected) : this.shown.length;
    const next = Math.min(this.shown.length - 1, Math.max(0, now + steps[event.key]));
    this.select(this.shown[next]);
  }

  scrollTo(row) {
    const top = this.shown.indexOf(row) * ROW;
    const list = this.list;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  }

  select(row) {
    this.selected = row;
    this.drawDetail();
    // Opening the entry takes room from the list.
    this.isBeingSought = Boolean(row);
    this.drawSoon();
  }

  markActive() {
    const id = this.selected ? `traffic-${this.selected.key}` : "";
    if (id && document.getElementById(id)) this.list.setAttribute("aria-activedescendant", id);
    else this.list.removeAttribute("aria-activedescendant");
  }

  drawDetail() {
    this.detailDue = false;
    this.detail.hidden = !this.selected;
    this.detail.parentElement?.classList.toggle("opened", Boolean(this.selected));
    if (!this.selected) return;
    const entry = JSON.parse(this.selected.text);
    const { name, kind, about } = this.selected.line;
    const close = () => {
      this.select(null);
      this.list.focus();
    };
    const draw = { call: drawCall, envelope: drawEnvelope, violation: (item) => this.drawViolation(item) }[entry.type];
    fill(
      this.detail,
      h(
        "header",
        {},
        h("h3", {}, name, h("span", { class: "hint" }, ` ${kind}${about && kind !== "violation" ? `, ${about}` : ""}`)),
        crossButton("Close the entry", close),
      ),
      h("div", { class: "body" }, hint(momentOf(entry.time)), draw(entry), copyButton(entry)),
    );
  }

  drawViolation(violation) {
    const { words, pointer } = complaint(violation.detail);
    const cause = this.rows.find(
      (row) => row.type === "call" && row.number > violation.number && row.line.name === violation.method,
    );
    const open = () => {
      this.select(cause);
      if (pointer) showPointer(this.detail, pointer);
    };
    return [
      h("p", {}, h("strong", {}, explained(violation.kind) || violation.kind)),
      h("p", {}, words === violation.kind ? "" : words),
      pointer ? h("p", {}, "At ", h("code", {}, pointer)) : null,
      cause ? h("p", {}, button("Show the call", open)) : null,
    ];
  }
}

function drawCall(call) {
  const args = tree(call.args, "Arguments");
  const found = complaints(call.answer);
  const error = call.answer.ok === false ? call.answer.error : "";
  const said = found.map(({ words, pointer }) =>
    h(
      "li",
      {},
      words,
      pointer
        ? button(pointer, () => showPointer(args, pointer), { class: "plain pointer" })
        : null,
    ),
  );
  const end = call.answered ? `Answered after ${duration(call.duration_ms)}` : "The answer never arrived";
  return [
    error ? h("p", {}, h("strong", {}, error), explained(error) ? ` · ${explained(error)}` : "") : null,
    said.length ? h("ul", { class: "complaints", "aria-label": "What Slack says" }, said) : null,
    h("p", {}, `${end}, HTTP ${call.status}.`),
    args,
    tree(call.answer, "Answer", Boolean(error)),
  ];
}

function drawEnvelope(envelope) {
  const tries = envelope.attempts.map((attempt, index) => {
    const before = envelope.attempts[index - 1];
    const isBad = !["acked", "pending"].includes(attempt.outcome);
    return h(
      "li",
      { class: isBad ? "error" : null },
      attemptWords(attempt),
      before ? h("span", { class: "hint" }, ` · sent again because ${retryReason(before.outcome)}`) : null,
    );
  });
  const body = envelope.attempts.at(-1)?.ack ?? {};
  return [
    tries.length ? h("ol", { class: "tries", "aria-label": "Tries" }, tries) : h("p", {}, "Not sent yet."),
    hint(summary({ type: "envelope", ...envelope }).status),
    tree(envelope.payload, "Payload"),
    Object.keys(body).length ? tree(body, "What the app answered") : null,
  ];
}

/** Lets the events that wait go now. */
export async function deliverNow() {
  await act("redeliver", {});
  notify("What was waiting is on its way.", 4);
}
