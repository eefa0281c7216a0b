// A list of messages with a field to write: a channel, or one thread of it.

import { read } from "./api.js";
import { drawComposer } from "./composer.js";
import { arrange, fill, h, replaceKeepingFocus } from "./dom.js";
import { perform } from "./gestures.js";
import { History } from "./history.js";
import { drawHome, openHome } from "./home.js";
import { icon } from "./icons.js";
import { drawMessage, edit, isDismissed, signatureOf } from "./messages.js";
import { isMember, nameOf, newSince, state, titleOf } from "./state.js";
import { dayOf } from "./time.js";

/** Seconds within which an author's next message needs no face and name of its own. */
const TOGETHER = 300;
export const HOME = "home";

export class Pane {
  /**
   * @param {HTMLElement} root
   * @param {{inThread: boolean, openThread: (ts: string) => void, close?: () => void}} ways
   */
  constructor(root, ways) {
    this.root = root;
    this.ways = ways;
    this.channel = "";
    this.thread = "";
    this.turn = 0;
    this.drawn = new Map();
    this.heading = h("header", {});
    this.list = h("ol", { class: "messages" });
    this.scroller = h("div", { class: "scroller", role: "log", "aria-label": "Messages", tabindex: 0 }, this.list);
    this.footer = h("footer", {});
    this.history = new History("", "");
    this.isHome = false;
    this.ephemerals = [];
    /** Whether the newest message is in sight, and has to stay there when what is drawn grows. */
    this.isAtEnd = true;
    this.lastTop = 0;
    this.scroller.addEventListener("scroll", () => this.follow());
    // Messages take their real height only when they come into sight, pictures when they have come.
    const keepUp = new ResizeObserver(() => this.toEnd());
    keepUp.observe(this.scroller);
    keepUp.observe(this.list);
    this.list.addEventListener("keydown", (event) => this.walk(event));
    this.scroller.addEventListener("keydown", (event) => this.enter(event));
    fill(root, this.heading, this.scroller, this.footer);
  }

  /** From the list into its messages, the newest first. */
  enter(event) {
    if (event.target !== this.scroller || event.key !== "ArrowUp") return;
    event.preventDefault();
    this.list.querySelector("li.message:last-of-type")?.focus();
  }

  /** Arrow keys go from message to message, Enter opens the thread. */
  walk(event) {
    const item = event.target;
    if (!item.matches?.("li.message")) return;
    const items = [...this.list.querySelectorAll("li.message")];
    const next = items[items.indexOf(item) + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
    if (event.key === "Enter" && !this.thread) this.ways.openThread(item.dataset.ts);
    else if (!next) return;
    next?.focus();
    event.preventDefault();
  }

  /** Only who scrolls up leaves the end: it also moves away when something opens beside it. */
  follow() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    if (scrollHeight - scrollTop - clientHeight < 80) this.isAtEnd = true;
    else if (scrollTop < this.lastTop) this.isAtEnd = false;
    this.lastTop = scrollTop;
    this.reachBack();
  }

  toEnd() {
    if (this.isAtEnd && !this.isHome) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Older messages are read when somebody scrolls up to them. */
  async reachBack() {
    if (!this.history.hasMore || this.history.going || this.scroller.scrollTop > 200) return;
    const before = this.scroller.scrollHeight - this.scroller.scrollTop;
    await this.history.goBack();
    this.draw();
    this.scroller.scrollTop = this.scroller.scrollHeight - before;
  }

  /** Something happened to a message. */
  hear(channel, ...stamps) {
    if (channel === this.channel) stamps.filter(Boolean).forEach((ts) => this.history.note(ts));
  }

  /** Shows a channel, a thread of it, or (`HOME`) the app's Home tab, as the acting person sees it. */
  async show(channel, thread = "") {
    this.channel = channel;
    this.isHome = thread === HOME;
    this.thread = this.isHome ? "" : thread;
    this.history = new History(channel, this.thread);
    this.since = newSince(state.me, channel);
    this.ephemerals = [];
    this.drawn.clear();
    fill(this.list);
    this.drawHeading();
    this.drawFooter();
    if (this.isApp()) openHome(this.isHome ? "home" : "messages");
    await this.refresh({ toEnd: !this.isHome });
  }

  /** Brings the messages up to date; what did not change stays as it is. */
  async refresh({ toEnd = false } = {}) {
    if (!this.channel) return;
    const mine = (this.turn += 1);
    if (this.isHome) {
      const home = await drawHome();
      if (mine === this.turn) fill(this.list, h("li", {}, home));
      return;
    }
    const { history } = this;
    const [own] = await Promise.all([this.readEphemerals(), history.refresh()]);
    if (mine !== this.turn || history !== this.history) return;
    this.ephemerals = own;
    this.isAtEnd ||= toEnd;
    this.draw();
  }

  /** Draws what is known; the newest message stays in sight if it was. */
  draw() {
    const { isAtEnd } = this;
    this.drawMessages(this.everything());
    this.isAtEnd = isAtEnd;
    this.toEnd();
  }

  /**
   * Scrolls to a message, reads back until it is found, and puts the focus on it.
   * @returns {Promise<boolean>} whether it is here
   */
  async jump(ts) {
    const find = () => this.list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    while (!find() && this.history.hasMore) {
      await this.history.goBack();
      this.draw();
    }
    const found = find();
    if (!found) return false;
    this.isAtEnd = false;
    this.list.querySelector(".found")?.classList.remove("found");
    found.classList.add("found");
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
    return true;
  }

  /** Whether this is the acting person's conversation with the app, which has tabs. */
  isApp() {
    const channel = state.channels.get(this.channel);
    return Boolean(channel?.is_im && channel.members.includes(state.app.bot_user) && !this.ways.inThread);
  }

  /** Draws everything anew next time: it is another time of day. */
  forget() {
    this.drawn = new Map();
  }

  async readEphemerals() {
    const { ephemerals } = await read("ephemerals", { channel: this.channel, user: state.me });
    return ephemerals.map((item) => ({ ...item, ephemeral: true }));
  }

  /** Messages and, among them, what only the acting person sees. */
  everything() {
    const { messages, hasMore } = this.history;
    const first = hasMore ? (messages[0]?.ts ?? "") : "";
    const isHere = (item) => (item.thread_ts || "") === this.thread && item.ts >= first;
    const own = this.ephemerals.filter((item) => isHere(item) && !isDismissed(item, this.channel));
    return [...messages, ...own].sort((one, other) => Number(one.ts) - Number(other.ts));
  }

  drawMessages(messages) {
    const place = {
      channel: this.channel,
      inThread: this.ways.inThread,
      openThread: this.ways.openThread,
      redraw: () => this.refresh(),
      focusComposer: () => this.footer.querySelector("textarea")?.focus(),
    };
    this.own = messages.filter((message) => message.user === state.me && !message.ephemeral && !message.subtype);
    this.place = place;
    const drawn = new Map();
    let day = "";
    let before = null;
    let isMarked = !this.since;
    for (const message of messages) {
      const today = dayOf(Number(message.ts));
      if (today !== day) this.keep(drawn, `day ${today}`, "", () => h("li", { class: "day" }, today));
      const isNew = !isMarked && Number(message.ts) > this.since && message.user !== state.me;
      if (isNew) this.keep(drawn, "new", "", () => h("li", { class: "new" }, "New"));
      isMarked ||= isNew;
      const follows = today === day && !isNew && isSameAuthor(before, message);
      day = today;
      before = message;
      if (this.thread && message === messages[1]) this.drawCount(drawn, messages.length - 1);
      const key = `${message.ts}${message.ephemeral ? " for me" : ""}`;
      this.keep(drawn, key, signatureOf(message, place, follows), () => drawMessage(message, place, follows));
    }
    if (!messages.length)
      this.keep(drawn, "empty", "", () => h("li", { class: "empty" }, this.beginning()));
    this.drawn = drawn;
    arrange(
      this.list,
      [...drawn.values()].map((item) => item.node),
    );
  }

  drawCount(drawn, count) {
    const words = count === 1 ? "1 reply" : `${count} replies`;
    this.keep(drawn, "count", words, () => h("li", { class: "day" }, words));
  }

  /** What stands where nobody has written. */
  beginning() {
    const channel = state.channels.get(this.channel);
    const title = titleOf(channel, state.me);
    const purpose = channel?.purpose?.value ?? "";
    return [h("p", {}, h("strong", {}, `This is the very beginning of ${title}.`)), purpose ? h("p", {}, purpose) : null];
  }

  /** Takes over what was drawn before where it still shows the same. */
  keep(drawn, key, signature, draw) {
    const known = this.drawn.get(key);
    if (known?.signature === signature) {
      drawn.set(key, known);
      return;
    }
    const node = draw();
    drawn.set(key, { signature, node });
    if (known) replaceKeepingFocus(known.node, node);
  }

  drawHeading() {
    const channel = state.channels.get(this.channel);
    const title = titleOf(channel, state.me);
    if (this.thread) {
      const close = h(
        "button",
        { type: "button", class: "plain", "aria-label": "Close thread", onclick: this.ways.close },
        icon("close"),
      );
      fill(this.heading, h("h2", {}, "Thread ", h("span", { class: "hint" }, `in ${title}`)), close);
      return;
    }
    if (this.isApp()) return this.drawTabs(title);
    const purpose = channel?.topic?.value || channel?.purpose?.value || "";
    const others = channel?.is_im ? "" : `${channel?.members.length ?? 0} members`;
    fill(
      this.heading,
      h("h2", {}, signOf(channel), title),
      h("p", { class: "hint" }, [purpose, others].filter(Boolean).join(" · ")),
    );
  }

  drawTabs(title) {
    const tab = (label, isOpen, place) =>
      h("a", { href: `#${place}`, "aria-current": isOpen ? "page" : null }, label);
    const here = `${state.users.get(state.me)?.name}/${this.channel}`;
    fill(
      this.heading,
      h("h2", {}, title),
      h(
        "nav",
        { class: "tabs", "aria-label": `Tabs of ${title}` },
        state.app.home_tab ? tab("Home", this.isHome, `${here}/${HOME}`) : null,
        tab("Messages", !this.isHome, here),
      ),
    );
  }

  /** Opens the acting person's last message for editing. Returns whether there is one. */
  editLast() {
    const last = this.own?.at(-1);
    if (last) edit(last, this.place);
    return Boolean(last);
  }

  drawFooter() {
    if (this.isHome) return fill(this.footer);
    const channel = state.channels.get(this.channel);
    if (channel && !isMember(state.me, this.channel)) {
      const join = () => perform("join", { user: state.me, channel: this.channel });
      fill(
        this.footer,
        h(
          "p",
          { class: "hint" },
          `${nameOf(state.me)} is not in ${titleOf(channel, state.me)}. `,
          h("button", { type: "button", onclick: join }, "Join"),
        ),
      );
      return;
    }
    fill(
      this.footer,
      drawComposer({
        channel: this.channel,
        thread: this.thread,
        title: titleOf(channel, state.me),
        editLast: () => this.editLast(),
      }),
    );
  }
}

/** The lock of a private channel. */
export function signOf(channel) {
  return channel?.is_private && !channel.is_im ? [icon("lock"), " "] : null;
}

function isSameAuthor(before, message) {
  if (!before || before.ephemeral || message.ephemeral || before.reply_count || before.subtype) return false;
  const isClose = Number(message.ts) - Number(before.ts) < TOGETHER;
  return isClose && !message.subtype && before.user === message.user && before.username === message.username;
}
