// The modal that the acting person has open, if any.

import { read } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { confirmed, perform } from "./gestures.js";
import { state } from "./state.js";
import { textObject } from "./text.js";

const dialog = () => document.getElementById("modal");
let shown = "";
let turn = 0;

/** Shows what is on top of the person's stack of modals, or nothing. */
export async function refreshModal() {
  const mine = (turn += 1);
  const { stack } = await read("views", { user: state.me });
  if (mine !== turn) return;
  const view = stack.at(-1);
  const key = view ? `${state.me} ${view.id} ${view.hash}` : "";
  if (key === shown) return;
  shown = key;
  if (view) show(view);
  else dialog().close();
}

function show(view) {
  const fields = new Map();
  const holder = {
    fields,
    confirm: confirmed,
    act: async (element, value) => {
      await perform("click", { user: state.me, element, value, view_id: view.id });
    },
    suggest: (element, query) => perform("suggest", { user: state.me, element, query, view_id: view.id }),
  };
  const submit = h("button", { class: "primary", type: "submit" }, textObject(view.submit));
  const send = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    await sendForm(view, fields);
    submit.disabled = false;
  };
  const form = h(
    "form",
    { onsubmit: send, novalidate: true },
    h(
      "header",
      {},
      h("h2", { id: "modal-title" }, textObject(view.title)),
      closeButton("×", "Close", "plain"),
    ),
    h("div", { class: "body" }, drawBlocks(withState(view), holder)),
    h(
      "div",
      { class: "actions" },
      closeButton(textObject(view.close ?? { text: "Close" })),
      view.submit ? submit : null,
    ),
  );
  fill(dialog(), form);
  dialog().setAttribute("aria-labelledby", "modal-title");
  dialog().oncancel = (event) => {
    event.preventDefault();
    close();
  };
  if (!dialog().open) dialog().showModal();
  dialog().querySelector("[autofocus]")?.focus();
}

/** What the person entered before an update stays. */
function withState(view) {
  return view.blocks.map((block) => {
    if (block.type !== "input") return block;
    const entered = view.state.values[block.block_id]?.[block.element.action_id];
    return entered ? { ...block, element: { ...block.element, ...asInitial(entered) } } : block;
  });
}

const INITIALS = {
  value: "initial_value",
  selected_option: "initial_option",
  selected_options: "initial_options",
  selected_user: "initial_user",
  selected_channel: "initial_channel",
  selected_conversation: "initial_conversation",
  selected_date: "initial_date",
  selected_time: "initial_time",
};

function asInitial(entered) {
  const known = Object.entries(entered).filter(([key, value]) => key in INITIALS && value !== null);
  return Object.fromEntries(known.map(([key, value]) => [INITIALS[key], value]));
}

async function sendForm(view, fields) {
  for (const field of fields.values()) field.fail("");
  const empty = missing(view, fields);
  if (empty.length) {
    for (const blockId of empty.reverse()) fields.get(blockId).fail("Please fill this in.");
    return;
  }
  const wrong = [...fields].map(([blockId, field]) => [blockId, field.problem?.() ?? ""]).filter(([, words]) => words);
  if (wrong.length) {
    for (const [blockId, words] of wrong.reverse()) fields.get(blockId).fail(words);
    return;
  }
  const values = Object.fromEntries([...fields].map(([blockId, field]) => [blockId, field.read()]));
  const answer = await perform("submit", { user: state.me, view_id: view.id, values });
  for (const [blockId, text] of Object.entries(answer?.errors ?? {}).reverse())
    fields.get(blockId)?.fail(text);
}

function missing(view, fields) {
  const required = view.blocks.filter(
    (block) => block.type === "input" && !block.optional && fields.has(block.block_id),
  );
  const isEmpty = (value) => value === "" || value?.length === 0;
  return required.map((block) => block.block_id).filter((blockId) => isEmpty(fields.get(blockId).read()));
}

function closeButton(label, name = null, style = "") {
  return h("button", { type: "button", class: style, "aria-label": name, onclick: close }, label);
}

async function close() {
  await perform("close", { user: state.me });
  await refreshModal();
}
