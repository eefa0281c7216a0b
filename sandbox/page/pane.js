// A list of messages with a field to write: a channel, or one thread of it.

import { read } from "./api.js";
import { drawComposer } from "./composer.js";
import { arrange, fill, h, replaceKeepingFocus } from "./dom.js";
import { perform } from "./gestures.js";
import { drawMessage, isDismissed, signatureOf } from "./messages.js";
import { isMember, nameOf, state, titleOf } from "./state.js";
import { dayOf } from "./time.js";

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
    this.list = h("ol", { class: "messages", role: "log", "aria-label": "Messages" });
    this.footer = h("footer", {});
    fill(root, this.heading, this.list, this.footer);
  }

  /** Shows a channel, or a thread of it, as the acting person sees it. */
  async show(channel, thread = "") {
    this.channel = channel;
    this.thread = thread;
    this.drawn.clear();
    fill(this.list);
    this.drawHeading();
    this.drawFooter();
    await this.refresh({ toEnd: true });
  }

  /** Brings the messages up to date; what did not change stays as it is. */
  async refresh({ toEnd = false } = {}) {
    if (!this.channel) return;
    const mine = (this.turn += 1);
    const found = await this.read();
    if (mine !== this.turn) return;
    const list = this.list;
    const wasAtEnd = toEnd || list.scrollHeight - list.scrollTop - list.clientHeight < 80;
    this.drawMessages(found);
    if (wasAtEnd) list.scrollTop = list.scrollHeight;
  }

  /** Draws everything anew next time: it is another time of day. */
  forget() {
    this.drawn = new Map();
  }

  async read() {
    const where = { channel: this.channel };
    const query = this.thread ? { ...where, thread_ts: this.thread } : where;
    const [{ messages }, { ephemerals }] = await Promise.all([
      read("messages", query),
      read("ephemerals", { ...where, user: state.me }),
    ]);
    const own = ephemerals.filter((item) => (item.thread_ts || "") === this.thread && !isDismissed(item, this.channel));
    const all = [...messages, ...own.map((item) => ({ ...item, ephemeral: true }))];
    return all.sort((one, other) => Number(one.ts) - Number(other.ts));
  }

  drawMessages(messages) {
    const place = { channel: this.channel, inThread: this.ways.inThread, openThread: this.ways.openThread };
    const drawn = new Map();
    let day = "";
    for (const message of messages) {
      const today = dayOf(Number(message.ts));
      if (today !== day) this.keep(drawn, `day ${today}`, "", () => h("li", { class: "day" }, today));
      day = today;
      const key = `${message.ts}${message.ephemeral ? " for me" : ""}`;
      this.keep(drawn, key, signatureOf(message), () => drawMessage(message, place));
    }
    if (!messages.length)
      this.keep(drawn, "empty", "", () => h("li", { class: "empty" }, "Nothing here yet."));
    this.drawn = drawn;
    arrange(
      this.list,
      [...drawn.values()].map((item) => item.node),
    );
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
        "×",
      );
      fill(this.heading, h("h2", {}, "Thread ", h("span", { class: "hint" }, `in ${title}`)), close);
      return;
    }
    const purpose = channel?.topic?.value || channel?.purpose?.value || "";
    const others = channel?.is_im ? "" : `${channel?.members.length ?? 0} members`;
    fill(
      this.heading,
      h("h2", {}, channel?.is_private && !channel.is_im ? `🔒 ${channel.name}` : title),
      h("p", { class: "hint" }, [purpose, others].filter(Boolean).join(" · ")),
    );
  }

  drawFooter() {
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
      drawComposer({ channel: this.channel, thread: this.thread, title: titleOf(channel, state.me) }),
    );
  }
}
