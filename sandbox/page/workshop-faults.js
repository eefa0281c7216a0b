// What can be broken on purpose, as switches.

import { act, read } from "./api.js";
import { fill, h } from "./dom.js";
import { notify, perform } from "./gestures.js";
import { span } from "./workshop-words.js";

const OFTEN = ["probability", "How often", [[1, "every call"], [0.5, "every other"], [0.1, "one in ten"]]];
const seconds = (label, ...choices) => ["seconds", label, choices.map((count) => [count, span(count)])];

/** Groups of [kind, name, what will happen, what can be chosen]. The kinds are those of sandbox/faults.py. */
const GROUPS = [
  ["When the app calls", [
    ["ratelimited", "Rate limit", "Calls are refused with “429, come back later”.", [OFTEN, seconds("Later is", 1, 5, 30)]],
    ["http_error", "Server error", "Calls fail with status 500; nothing is carried out.", [OFTEN]],
    ["lost_answer", "Lost answer", "Calls are carried out, but the app never hears so. Careless apps now post twice.", [OFTEN]],
    ["drop", "Cut connection", "Calls break off before they are carried out.", [OFTEN]],
    ["hang", "Slow answers", "Calls wait before they are carried out.", [OFTEN, seconds("Wait", 2, 8, 20)]],
    ["error", "Internal error", "Calls are refused with “internal_error”.", [OFTEN]],
    ["garbage", "A web page", "Calls are answered with HTML in place of JSON.", [OFTEN]],
  ]],
  ["When it reads", [
    ["history_lag", "Late history", "What was written just now is missing from history.", [seconds("Just now is", 5, 30, 120)]],
    ["page_cap", "Small pages", "Lists come in many small pages.", [["count", "At most", [[1, "1 item"], [3, "3 items"], [20, "20 items"]]]]],
  ]],
  ["When it is told", [
    ["duplicate_events", "Events twice", "Each event is delivered again.", [["same_id", "The repeat has", [[true, "the same id"], [false, "a new id"]]]]],
    ["shuffle_events", "Events out of order", "Each event waits a random time.", [seconds("At most", 1, 5, 20)]],
    ["withhold_events", "Events held back", "No event is delivered; all of them come when you lift this.", []],
  ]],
  ["Everything", [
    ["outage", "Slack is down", "Every call and every connection is cut.", [["mode", "Calls are", [["drop", "cut"], ["503", "answered with 503"]]]]],
  ]],
];
const NAMES = new Map(GROUPS.flatMap(([, kinds]) => kinds.map(([kind, name]) => [kind, name])));

export class Faults {
  constructor(root, chip) {
    this.chip = chip;
    this.rules = [];
    this.switches = new Map();
    fill(
      root,
      h("p", { class: "hint" }, "Break something, keep working, lift it again. What you break is not counted against the app."),
      GROUPS.map(([title, kinds]) =>
        h("fieldset", { class: "faults" }, h("legend", {}, title), kinds.map((kind) => this.drawKind(...kind))),
      ),
      h(
        "fieldset",
        { class: "faults" },
        h("legend", {}, "Once"),
        once("Cut the sockets", "All of them break, without a word.", "drop_sockets", ({ dropped }) => dropped),
        once("Ask for a new socket", "Slack does so several times a day.", "refresh_sockets", ({ sockets }) => sockets),
      ),
    );
  }

  async load() {
    this.onConditions(await read("conditions"));
  }

  /** Faults in force, as `/control/conditions` tells them. */
  onConditions({ faults }) {
    this.rules = faults.filter((rule) => !(rule.times > 0 && rule.used >= rule.times));
    for (const [kind, box] of this.switches) {
      const own = this.rules.filter((rule) => rule.kind === kind);
      box.checked = own.length > 0;
      const hits = own.reduce((sum, rule) => sum + rule.used, 0);
      box.hits.textContent = hits ? `hit ${hits === 1 ? "once" : `${hits} times`}` : "";
    }
    this.drawChip();
  }

  /** A call met a fault: counts have changed. */
  onHit() {
    clearTimeout(this.reading);
    this.reading = setTimeout(() => this.load(), 400);
  }

  drawKind(kind, name, words, choices) {
    const selects = choices.map(([field, label, options]) => {
      const select = h(
        "select",
        { "aria-label": `${name}: ${label}`, onchange: () => box.checked && this.flip(kind, box, selects) },
        options.map(([value, text]) => h("option", { value: JSON.stringify(value) }, text)),
      );
      return { field, label, select };
    });
    const box = h("input", { type: "checkbox", role: "switch", onchange: () => this.flip(kind, box, selects) });
    box.hits = h("span", { class: "hits" });
    this.switches.set(kind, box);
    return h(
      "div",
      { class: "fault" },
      h("label", {}, box, h("span", {}, h("strong", {}, name), " ", box.hits, h("span", { class: "hint" }, words))),
      selects.length
        ? h("div", { class: "choices" }, selects.map(({ label, select }) => h("span", {}, h("span", { class: "hint" }, label), select)))
        : null,
    );
  }

  async flip(kind, box, selects) {
    const isWanted = box.checked;
    for (const rule of this.rules.filter((found) => found.kind === kind)) await perform("lift", { id: rule.id });
    if (!isWanted) return;
    const chosen = Object.fromEntries(selects.map(({ field, select }) => [field, JSON.parse(select.value)]));
    await perform("fault", { kind, ...chosen });
  }

  drawChip() {
    const names = [...new Set(this.rules.map((rule) => NAMES.get(rule.kind) ?? rule.kind))];
    this.chip.hidden = names.length === 0;
    const said = names.length === 1 ? names[0] : `${names.length} faults`;
    const lift = h("button", { type: "button", onclick: () => perform("lift", {}) }, names.length === 1 ? "Lift" : "Lift all");
    if (this.chip.dataset.said === names.join()) return;
    this.chip.dataset.said = names.join();
    fill(this.chip, h("span", { title: names.join(", ") }, said), lift);
  }
}

function once(label, words, name, count) {
  const break_ = async () => {
    const broken = count(await act(name, {}));
    notify(broken ? `${broken === 1 ? "One socket" : `${broken} sockets`} told. The app should be back in a moment.` : "No socket is open.", 4);
  };
  return h("div", { class: "fault once" }, h("span", { class: "hint" }, words), h("button", { type: "button", onclick: break_ }, label));
}
