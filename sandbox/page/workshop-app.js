// The app's process, the workspace's time, and a fresh start.

import { read } from "./api.js";
import { fill, h } from "./dom.js";
import { confirmed, notify, perform } from "./gestures.js";
import { now, state } from "./state.js";
import { momentOf, timeOf, untilTomorrowAtNine } from "./time.js";
import { deliverNow } from "./workshop-inspector.js";
import { button, dot, hint, row, select, switchBox } from "./workshop-parts.js";
import { span } from "./workshop-words.js";

const WORDS = {
  unknown: "looked after by nobody",
  starting: "starting",
  ready: "running",
  dead: "dead",
  erased: "starting from nothing",
};
const EVERY = [[5, "5 s"], [15, "15 s"], [60, "1 min"]];

export class AppProcess {
  constructor(root, chip, announce) {
    this.chip = chip;
    this.announce = announce;
    this.app = { supervised: false, state: "unknown", since: 0, kills: 0, kill_every: 0, detail: "" };
    this.sockets = 0;
    this.said = h("p", { class: "state" });
    this.kill = button("Kill it", () => this.want("killed"), { class: "danger" });
    this.start = button("Start it", () => this.want("running"), { class: "primary" });
    this.again = switchBox(() => this.flipAgain());
    this.every = select("How long it lives each time", EVERY, () => this.again.checked && this.flipAgain());
    this.detail = h("pre", { hidden: true });
    this.why = hint();
    this.time = h("time", {});
    this.offset = h("span", { class: "hint" });
    this.real = button("Back to real time", () => perform("skip", { to_real: true }));
    const steps = STEPS.map(([label, seconds]) => button(label, () => perform("skip", { seconds: seconds() })));
    fill(
      root,
      card(
        "The app’s process",
        this.said,
        this.detail,
        row(this.kill, this.start),
        row(h("label", {}, this.again, " Kill it again and again, each time after"), this.every),
        this.why,
        row(button("Deliver waiting events now", deliverNow)),
        hint("An event that is not acknowledged comes again at once, after a minute, and after five more."),
      ),
      card(
        "Time",
        h("p", { class: "state" }, this.time, this.offset),
        row(steps, this.real),
        hint("The app follows the same clock, so reminders and reports become due."),
      ),
      card(
        "Start over",
        hint("Everything that was written goes, and so do faults and skipped time."),
        row(button("Start over…", () => this.startOver(), { class: "danger" })),
      ),
    );
    setInterval(() => this.tick(), 1000);
  }

  async load() {
    const [app, conditions] = await Promise.all([read("app"), read("conditions")]);
    this.overHttp = conditions.transport === "http";
    this.sockets = conditions.sockets;
    this.onApp(app);
  }

  onSockets({ count }) {
    this.sockets = count;
    this.tick();
  }

  /** What its supervisor says. */
  onApp(app) {
    const name = state.app.name;
    if (app.state !== this.app.state && this.app.since) this.announce(`${name} is ${WORDS[app.state]}.`);
    this.app = app;
    const isUp = ["starting", "ready"].includes(app.state);
    this.kill.disabled = !app.supervised || !isUp;
    this.start.disabled = !app.supervised || isUp;
    this.again.disabled = this.every.disabled = !app.supervised;
    this.again.checked = app.kill_every > 0;
    this.detail.hidden = !app.detail;
    this.detail.textContent = app.detail;
    this.why.textContent = app.supervised
      ? `As with a power cut: the process gets no chance to tidy up. ${app.kills ? `Killed ${app.kills === 1 ? "once" : `${app.kills} times`} so far.` : ""}`
      : "It was not started together with this sandbox, so it cannot be ended or started here.";
    this.tick();
  }

  tick() {
    const isConnected = this.overHttp || this.sockets > 0;
    const { supervised, state: found, since } = this.app;
    const name = state.app.name ?? "The app";
    const words = supervised ? WORDS[found] : isConnected ? "connected" : "not connected";
    const tone = { ready: "good", connected: "good", dead: "bad", "not connected": "bad" }[supervised ? found : words] ?? "wait";
    const seconds = Date.now() / 1000 - since;
    fill(this.said, dot(tone), h("strong", {}, `${name} is ${words}`), supervised ? h("span", { class: "hint" }, ` since ${timeOf(since + state.offset)}, ${span(seconds)}`) : null);
    this.chip.hidden = false;
    this.chip.className = `app-state ${tone}`;
    if (this.chip.dataset.said !== words) {
      this.chip.dataset.said = words;
      fill(this.chip, dot(tone), h("span", {}, `${name}: ${words}`));
    }
    this.time.textContent = momentOf(now());
    const ahead = Math.round(state.offset / 60) * 60;
    this.offset.textContent = ahead ? `${span(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} real time` : "real time";
    this.real.disabled = !ahead;
  }

  want(want) {
    return perform("app", { want });
  }

  flipAgain() {
    return perform("app", { kill_every: this.again.checked ? Number(this.every.value) : 0 });
  }

  async startOver() {
    const words = {
      title: { text: "Start over?" },
      text: { text: "Every message goes, and all that the app remembers of them. The workspace is as it was before anybody wrote." },
      confirm: { text: "Start over" },
      deny: { text: "Keep it" },
      style: "danger",
    };
    if (!(await confirmed(words))) return;
    notify("Starting over…", Infinity);
    if (await perform("reset", {})) notify(this.app.supervised ? "A fresh workspace; the app is on its way." : "A fresh workspace. Start the app anew, too, if it remembers the old one.", 6);
  }
}

function card(title, ...children) {
  return h("section", { class: "card" }, h("h3", {}, title), children);
}

const STEPS = [
  ["+15 min", () => 900],
  ["+1 h", () => 3600],
  ["Tomorrow 9:00", untilTomorrowAtNine],
  ["+1 day", () => 86_400],
];
