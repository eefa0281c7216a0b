// A list of messages with a field to write: a channel, or one thread of it.

import { read } from "./api.js";
import { fill, h } from "./dom.js";
import { notify, perform } from "./gestures.js";
import { drawMessage, signatureOf } from "./messages.js";
import { isMember, me, nameOf, state, titleOf } from "./state.js";
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
    this.drafts = new Map();
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

  async read() {
    const where = { channel: this.channel };
    const query = this.thread ? { ...where, thread_ts: this.thread } : where;
    const [{ messages }, { ephemerals }] = await Promise.all([read("messages", query), read("ephemerals", { ...where, user: state.me })]);
    const own = ephemerals.filter((item) => (item.thread_ts || "") === this.thread);
    const all = [...messages, ...own.map((item) => ({ ...item, ephemeral: true }))];
    return all.sort((one, other) => Number(one.ts) - Number(other.ts));
  }

  drawMessages(messages) {
    const place = { channel: this.channel, inThread: this.ways.inThread, openThread: this.ways.openThread };
    const drawn = new Map();
    const nodes = [];
    let day = "";
    for (const message of messages) {
      const today = dayOf(Number(message.ts));
      if (today !== day) nodes.push(h("li", { class: "day" }, today));
      day = today;
      const key = `${message.ts}${message.ephemeral ? " for me" : ""}`;
      const signature = signatureOf(message);
      const known = this.drawn.get(key);
      const node = known?.signature === signature ? known.node : drawMessage(message, place);
      drawn.set(key, { signature, node });
      nodes.push(node);
    }
    this.drawn = drawn;
    if (!messages.length) nodes.push(h("li", { class: "empty" }, "Nothing here yet."));
    this.list.replaceChildren(...nodes);
  }

  drawHeading() {
    const channel = state.channels.get(this.channel);
    const title = titleOf(channel, state.me);
    if (this.thread) {
      const close = h("button", { type: "button", class: "plain", "aria-label": "Close thread", onclick: this.ways.close }, "×");
      fill(this.heading, h("h2", {}, "Thread ", h("span", { class: "hint" }, `in ${title}`)), close);
      return;
    }
    const purpose = channel?.topic?.value || channel?.purpose?.value || "";
    const others = channel?.is_im ? "" : `${channel?.members.length ?? 0} members`;
    fill(this.heading, h("h2", {}, channel?.is_private && !channel.is_im ? `🔒 ${channel.name}` : title), h("p", { class: "hint" }, [purpose, others].filter(Boolean).join(" · ")));
  }

  drawFooter() {
    const channel = state.channels.get(this.channel);
    if (channel && !isMember(state.me, this.channel)) {
      const join = () => perform("join", { user: state.me, channel: this.channel });
      fill(this.footer, h("p", { class: "hint" }, `${nameOf(state.me)} is not in ${titleOf(channel, state.me)}. `, h("button", { type: "button", onclick: join }, "Join")));
      return;
    }
    this.drawComposer(titleOf(channel, state.me));
  }

  drawComposer(title) {
    const key = `${state.me} ${this.channel} ${this.thread}`;
    const label = this.thread ? "Reply…" : `Message ${title}`;
    const hint = h("p", { class: "hint" }, composerHint(""));
    const field = h("textarea", { rows: 1, "aria-label": label, placeholder: label, value: this.drafts.get(key) ?? "" });
    const grow = () => {
      this.drafts.set(key, field.value);
      hint.textContent = composerHint(field.value);
      field.style.height = "auto";
      field.style.height = `${Math.min(field.scrollHeight + 2, 160)}px`;
    };
    field.addEventListener("input", grow);
    const send = async (event) => {
      event?.preventDefault();
      const typed = field.value;
      if (!typed.trim()) return;
      field.value = "";
      grow();
      if (!(await this.send(typed)) && !field.value) {
        field.value = typed;
        grow();
      }
    };
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) send(event);
    });
    const form = h("form", { class: "composer", onsubmit: send }, field, h("button", { type: "submit", class: "primary" }, "Send"));
    fill(this.footer, form, hint);
  }

  /** Posts a message or runs a command. Returns whether it went. */
  async send(typed) {
    const where = { user: state.me, channel: this.channel };
    if (!typed.startsWith("/")) {
      return Boolean(await perform("post", { ...where, text: typed, thread_ts: this.thread || undefined }));
    }
    if (this.thread) {
      notify("Slack runs commands outside of threads only. Type it in the channel.");
      return false;
    }
    const [command, text] = typed.trim().split(/\s+(.*)/s);
    return Boolean(await perform("command", { ...where, command, text: text ?? "" }));
  }

  focus() {
    this.footer.querySelector("textarea")?.focus();
  }
}

function composerHint(typed) {
  const word = typed.split(/\s/)[0];
  const commands = state.app.commands.filter((command) => command.command.startsWith(word) || word === command.command);
  if (typed.startsWith("/") && commands.length) {
    return commands.map((command) => `${command.command} ${command.usage_hint ?? ""}: ${command.description}`).join(" · ");
  }
  return `Enter sends as ${nameOf(me()?.id)}, Shift+Enter makes a new line, / starts a command.`;
}
