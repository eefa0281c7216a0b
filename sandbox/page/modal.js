// The modal that the acting person has open, if any.

import { act, read, Refused } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { confirmed, perform } from "./gestures.js";
import { icon } from "./icons.js";
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
  if (view) show(view, stack.length);
  else dialog().close();
}

function show(view, depth) {
  const fields = new Map();
  const sent = new Map();
  const holder = {
    fields,
    confirm: confirmed,
    act: async (element, value) => {
      await sync(view, fields, sent);
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
  submit.disabled = view.submit_disabled;
  const form = h(
    "form",
    { onsubmit: send, novalidate: true, "data-view": view.id },
    h(
      "header",
      {},
      h("h2", { id: "modal-title" }, textObject(view.title)),
      closeButton(icon("close"), "Close", "plain", depth > 1),
    ),
    h("div", { class: "body" }, drawBlocks(withState(view), holder)),
    h(
      "div",
      { class: "actions" },
      closeButton(textObject(view.close ?? { text: "Close" })),
      view.submit ? submit : null,
    ),
  );
  noteFields(fields, sent);
  const before = dialog().querySelector(`form[data-view="${CSS.escape(view.id)}"]`);
  const place = before && placeIn(before);
  if (before) carryOver(before, form);
  fill(dialog(), form);
  dialog().setAttribute("aria-labelledby", "modal-title");
  dialog().oncancel = (event) => {
    event.preventDefault();
    close();
  };
  if (!dialog().open) dialog().showModal();
  if (place) takePlace(form, place);
  else dialog().querySelector("[autofocus]")?.focus();
}

// --- what was entered ---

/** Slack knows what stands in a form with every click in it. Fields that are not right yet wait. */
async function sync(view, fields, sent) {
  for (const [blockId, field] of fields) {
    const value = field.read();
    if (!field.reference || field.problem() || sent.get(blockId) === JSON.stringify(value)) continue;
    sent.set(blockId, JSON.stringify(value));
    try {
      await act("click", { user: state.me, element: field.reference, value, view_id: view.id });
    } catch (error) {
      // A field that went with an update, or that is not right yet, is told when the form is sent.
      if (!(error instanceof Refused)) throw error;
    }
  }
}

function noteFields(fields, sent) {
  for (const [blockId, field] of fields) sent.set(blockId, JSON.stringify(field.read()));
}

const FILLED = "input[id], textarea[id], select[id], fieldset[id] input";

/** When the app changes a form, what stands in its fields stays where the fields stay. */
function carryOver(before, after) {
  const known = new Map([...before.querySelectorAll(FILLED)].map((field) => [keyOf(field), field]));
  for (const field of after.querySelectorAll(FILLED)) {
    const old = known.get(keyOf(field));
    if (!old || field.type === "file") continue;
    if (field.type === "radio" || field.type === "checkbox") field.checked = old.checked;
    else if (field.tagName !== "SELECT" || [...field.options].some((option) => option.value === old.value))
      field.value = old.value;
  }
}

function keyOf(field) {
  return field.id ? `${field.tagName} ${field.type} ${field.id}` : `${field.closest("fieldset").id} ${field.value}`;
}

function placeIn(form) {
  const focused = document.activeElement;
  return { top: form.querySelector(".body").scrollTop, id: form.contains(focused) ? focused.id : "" };
}

function takePlace(form, { top, id }) {
  form.querySelector(".body").scrollTop = top;
  (document.getElementById(id) ?? form.querySelector(".body :is(input, textarea, select, button)"))?.focus({ preventScroll: true });
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
  selected_users: "initial_users",
  selected_channels: "initial_channels",
  selected_conversations: "initial_conversations",
  selected_date_time: "initial_date_time",
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

/** In a stack of forms the cross closes all of them, the button only the one on top. */
function closeButton(label, name = null, style = "", everything = false) {
  return h("button", { type: "button", class: style, "aria-label": name, onclick: () => close(everything) }, label);
}

async function close(everything = false) {
  await perform("close", { user: state.me, everything });
  await refreshModal();
}
