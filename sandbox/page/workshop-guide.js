// A guide to the app, as the example brings it: one step at a time, and each is done when it has really happened.

import { read } from "./api.js";
import { fill, h } from "./dom.js";
import { state } from "./state.js";
import { button, crossButton, row } from "./workshop-parts.js";

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

  /** @param {boolean} isSupervised whether the page can end the app's process */
  async load(isSupervised) {
    const { steps, run } = await read("guide");
    this.steps = steps.filter((step) => !step.needs || isSupervised);
    this.button.hidden = this.steps.length === 0;
    const before = JSON.parse(localStorage.getItem(STORE) ?? "null");
    const isSame = before?.run === run;
    this.run = run;
    this.at = isSame ? before.at : 0;
    this.kept = isSame ? before.kept : {};
    this.isOpen = before?.isOpen ?? true;
    this.draw();
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

  /** Something happened, or somebody looks at another place: perhaps that was the step. */
  onEntry(entry) {
    const step = this.steps[this.at];
    if (!step || !step.when.some((pattern) => matches(pattern, entry, this.kept))) return;
    for (const [name, path] of Object.entries(step.keep)) this.kept[name] = path.split(".").reduce((value, part) => value?.[part], entry);
    this.go(this.at + 1);
    if (this.isOpen) this.announce(`Done: ${step.title}.`);
  }

  go(at) {
    this.at = Math.max(0, Math.min(this.steps.length, at));
    this.save();
    this.arrived();
  }

  /** The place that is open now counts as something that happens. */
  arrived() {
    if (this.steps[this.at]?.when.some((pattern) => pattern.type === "place"))
      this.onEntry({ type: "place", user: state.me, channel: state.channel });
  }

  save() {
    localStorage.setItem(STORE, JSON.stringify({ run: this.run, at: this.at, kept: this.kept, isOpen: this.isOpen }));
    this.draw();
  }

  draw() {
    this.root.hidden = !this.isOpen || this.steps.length === 0;
    this.button.setAttribute("aria-expanded", String(!this.root.hidden));
    if (this.root.hidden) return;
    const hadFocus = this.root.contains(document.activeElement);
    const step = this.steps[this.at];
    fill(this.root, step ? this.drawStep(step) : this.drawEnd());
    if (hadFocus) this.root.querySelector("button")?.focus();
  }

  drawStep(step) {
    const back = button("Back", () => this.go(this.at - 1), { class: "plain", disabled: this.at === 0 });
    const next = button(step.when.length ? "Skip" : "Next", () => this.go(this.at + 1), { class: "plain" });
    return [
      this.drawProgress(),
      h("div", { class: "words" }, h("strong", {}, step.title), " ", withKeys(step.text)),
      row(step.at ? takeMeThere(step.at) : null, back, next, this.closeButton()),
    ];
  }

  drawEnd() {
    return [
      h("div", { class: "words" }, h("strong", {}, "That was the tour."), " Everything stays here to try; the guide can be called again from the top."),
      row(button("Once more", () => this.go(0), { class: "plain" }), this.closeButton()),
    ];
  }

  drawProgress() {
    return h("span", { class: "badge" }, h("span", { class: "hidden" }, "Step "), `${this.at + 1} / ${this.steps.length}`);
  }

  closeButton() {
    return crossButton("Put the guide away", () => this.close());
  }
}

function takeMeThere(place) {
  const [handle, channel = ""] = place.split("/");
  const person = [...state.users.values()].find((user) => user.name === handle);
  const name = person?.profile.display_name || handle;
  return button(channel ? `Be ${name} in ${channel}` : `Be ${name}`, () => (location.hash = `#${place}`), { class: "primary" });
}

/** What stands between backticks is something to type. */
function withKeys(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("kbd", {}, part) : part));
}

/** Whether an entry has all that a pattern asks for; see "The guide" in sandbox/README.md. */
export function matches(pattern, found, kept) {
  if (Array.isArray(pattern)) return Array.isArray(found) && pattern.every((part) => found.some((item) => matches(part, item, kept)));
  if (pattern !== null && typeof pattern === "object")
    return found !== null && typeof found === "object" && Object.entries(pattern).every(([name, part]) => matches(part, found[name], kept));
  if (typeof pattern !== "string") return pattern === found;
  if (pattern === "*") return Boolean(found);
  if (pattern.startsWith("~")) return JSON.stringify(found ?? "").toLowerCase().includes(pattern.slice(1).toLowerCase());
  return found === meant(pattern, kept);
}

function meant(word, kept) {
  const named = (items) => [...items.values()].find((item) => item.name === word.slice(1))?.id;
  if (word === "@app") return state.app.bot_user;
  if (word.startsWith("@")) return named(state.users);
  if (word.startsWith("#")) return named(state.channels);
  return word.startsWith("$") ? kept[word.slice(1)] : word;
}
