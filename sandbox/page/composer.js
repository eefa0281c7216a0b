// The field to write in: messages, and commands where Slack takes them.

import { h } from "./dom.js";
import { notify, perform } from "./gestures.js";
import { me, nameOf, state } from "./state.js";

const drafts = new Map();
const TALLEST = 160;

/**
 * A composer for a channel or a thread. What is not sent yet is kept for each person.
 * @param {{channel: string, thread: string, title: string}} place
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
    if ((await send(typed, place)) || field.value) return;
    field.value = typed;
    follow();
  };
  field.addEventListener("input", follow);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
  });
  advise(hint, field.value, place);
  return [
    h(
      "form",
      { class: "composer", onsubmit: submit },
      field,
      h("button", { type: "submit", class: "primary" }, "Send"),
    ),
    hint,
  ];
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
async function send(typed, { channel, thread }) {
  const where = { user: state.me, channel };
  if (!typed.startsWith("/")) {
    return Boolean(await perform("post", { ...where, text: typed, thread_ts: thread || undefined }));
  }
  if (thread) {
    notify("Slack takes commands outside of threads only: type it in the channel.");
    return false;
  }
  const [command, text] = typed.trim().split(/\s+(.*)/s);
  return Boolean(await perform("command", { ...where, command, text: text ?? "" }));
}
