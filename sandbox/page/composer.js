// The field to write in: messages, and commands where Slack takes them.

import { completing } from "./completion.js";
import { closeMenu, h, openMenu } from "./dom.js";
import { notify, perform } from "./gestures.js";
import { icon } from "./icons.js";
import { me, nameOf, state } from "./state.js";

const drafts = new Map();
const TALLEST = 160;

/**
 * A composer for a channel or a thread. What is not sent yet is kept for each person.
 * @param {{channel: string, thread: string, title: string, editLast: () => boolean}} place
 */
export function drawComposer(place) {
  const key = `${state.me} ${place.channel} ${place.thread}`;
  const label = place.thread ? "Reply…" : `Message ${place.title}`;
  const hint = h("p", { class: "hint" });
  const field = h("textarea", {
    rows: 1,
    "aria-label": label,
    placeholder: label,
    value: drafts.get(key) ?? "",
  });
  const follow = () => {
    drafts.set(key, field.value);
    advise(hint, field.value, place);
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, TALLEST)}px`;
  };
  const submit = async (event) => {
    event.preventDefault();
    const typed = field.value;
    if (!typed.trim()) return;
    field.value = "";
    follow();
    if ((await send(typed, { ...place, broadcast: broadcast?.checked })) || field.value) return;
    field.value = typed;
    follow();
  };
  const completion = completing(field, place);
  field.addEventListener("input", follow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
    if (event.key === "ArrowUp" && !field.value && place.editLast()) event.preventDefault();
  });
  const attach = (files) => sendFiles([...files], place);
  field.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) {
      event.preventDefault();
      attach(event.clipboardData.files);
    }
  });
  const chooser = h("input", { type: "file", hidden: true, multiple: true, "aria-label": "Files to attach" });
  chooser.addEventListener("change", () => attach(chooser.files));
  const broadcast = place.thread ? h("input", { type: "checkbox" }) : null;
  advise(hint, field.value, place);
  const form = h(
    "form",
    { class: "composer", onsubmit: submit },
    completion.list,
    iconButton("clip", "Attach a file", () => chooser.click()),
    place.thread ? null : iconButton("bolt", "Shortcuts", (event) => openShortcuts(event.currentTarget)),
    field,
    chooser,
    h("button", { type: "submit", class: "primary" }, "Send"),
  );
  form.addEventListener("dragover", (event) => event.preventDefault());
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    attach(event.dataTransfer.files);
  });
  const also = broadcast ? h("label", { class: "also" }, broadcast, ` Also send to ${place.title}`) : null;
  return [form, also, hint];
}

function iconButton(sign, label, onclick) {
  return h("button", { type: "button", class: "plain", "aria-label": label, title: label, onclick }, icon(sign));
}

/** The app's shortcuts that belong to no message. */
function openShortcuts(anchor) {
  const known = state.app.shortcuts.filter((shortcut) => shortcut.type === "global");
  const entry = (shortcut) => {
    const run = () => {
      closeMenu();
      perform("shortcut", { user: state.me, callback_id: shortcut.callback_id });
    };
    return h("button", { type: "button", class: "plain choice", title: shortcut.description, onclick: run }, shortcut.name);
  };
  openMenu(anchor, "Shortcuts", [
    known.map(entry),
    known.length ? null : h("p", { class: "hint" }, "The app has no shortcuts that belong to no message."),
  ]);
}

async function sendFiles(files, { channel, thread }) {
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const content = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    await perform("upload", { user: state.me, channel, name: file.name, content, thread_ts: thread || undefined });
  }
}

function advise(hint, typed, place) {
  const word = typed.split(/\s/)[0];
  const fitting =
    typed.startsWith("/") && !place.thread
      ? state.app.commands.filter((known) => known.command.startsWith(word))
      : [];
  const uses = fitting.map((known) => `${known.command} ${known.usage_hint ?? ""}: ${known.description}`);
  const keys = `Enter sends as ${nameOf(me()?.id)}, Shift+Enter makes a new line${place.thread ? "" : ", / starts a command"}.`;
  hint.textContent = uses.join(" · ") || keys;
  hint.classList.toggle("command", uses.length > 0);
}

/** Posts a message or runs a command. Returns whether it went. */
async function send(typed, { channel, thread, broadcast }) {
  const where = { user: state.me, channel };
  if (!typed.startsWith("/")) {
    return Boolean(await perform("post", { ...where, text: typed, thread_ts: thread || undefined, broadcast }));
  }
  if (thread) {
    notify("Slack takes commands outside of threads only: type it in the channel.");
    return false;
  }
  const [command, text] = typed.trim().split(/\s+(.*)/s);
  return Boolean(await perform("command", { ...where, command, text: text ?? "" }));
}
