// Block Kit as nodes. What this page does not know is said in words, never dropped in silence.

import { h, webAddress, webLink } from "./dom.js";
import { nameOf, people, state, titleOf, visibleChannels } from "./state.js";
import { mrkdwn, plainText, richText, textObject } from "./text.js";

/**
 * Where blocks are drawn.
 * @typedef {object} Holder
 * @property {(element: string, value?: unknown) => Promise<void>} act a click or a choice, told to the app
 * @property {(confirm: object) => Promise<boolean>} confirm asks before an act
 * @property {(element: string, query: string) => Promise<object | null>} [suggest] asks the app for options
 * @property {Map<string, Field>} fields the inputs that are sent with a form, by block_id
 *
 * @typedef {object} Field
 * @property {() => unknown} read what was entered
 * @property {string} [reference] how the element is called where it acts with the whole form only
 * @property {() => string} [problem] what is wrong with it, or ""
 * @property {(text: string) => void} fail shows an error at the input, or with "" takes it away
 */

/** All blocks, in order. */
export function drawBlocks(blocks, holder) {
  return blocks.map((block) => {
    const draw = BLOCKS[block.type] ?? unknownBlock;
    return h("div", { class: `block ${BLOCKS[block.type] ? block.type : "unknown"}` }, draw(block, holder));
  });
}

const BLOCKS = {
  rich_text: richText,
  section: (block, holder) => [
    h("div", { class: "words" }, paragraph(block.text), (block.fields ?? []).map(paragraph)),
    block.accessory ? drawElement(block, block.accessory, holder) : null,
  ],
  context: (block) =>
    block.elements.map((item) => (item.type === "image" ? picture(item) : h("span", {}, textObject(item)))),
  actions: (block, holder) => block.elements.map((element) => drawElement(block, element, holder)),
  header: (block) => h("h3", {}, textObject(block.text)),
  divider: () => h("hr"),
  image: (block) => [block.title ? h("p", {}, textObject(block.title)) : null, picture(block)],
  markdown: (block) => h("p", {}, mrkdwn(block.text)),
  table: drawTable,
  video: (block) => webLink(block.video_url ?? "", `Video: ${block.title?.text ?? block.alt_text ?? "untitled"}`),
  input: drawInput,
};

function drawTable(block) {
  const cell = (item, tag) =>
    h(tag, {}, item?.type === "rich_text" ? richText(item) : plainText(String(item?.text ?? item?.value ?? "")));
  const [head, ...rows] = block.rows ?? [];
  const row = (cells, tag) => h("tr", {}, (cells ?? []).map((item) => cell(item, tag)));
  return h("div", { class: "wide" }, h("table", {}, row(head, "th"), rows.map((cells) => row(cells, "td"))));
}

function paragraph(text) {
  return text ? h("p", {}, textObject(text)) : null;
}

/** Uploaded pictures are shown; those from elsewhere are not fetched: the sandbox stays on this machine. */
function picture(image) {
  const file = image.slack_file;
  const own = file?.id ? `/files/${encodeURIComponent(file.id)}/picture` : file?.url;
  if (own?.startsWith("/files/")) return h("img", { class: "picture", src: own, alt: image.alt_text });
  const address = image.image_url ?? file?.url ?? "";
  return webLink(address, `Picture: ${image.alt_text ?? "without description"}`);
}

function unknownBlock(block) {
  const words = collectWords(block).join(" · ");
  const note = `This page does not draw blocks of type ${block.type}${words ? "; what it says:" : "."}`;
  return [h("p", { class: "hint" }, note), words ? h("p", {}, plainText(words)) : null];
}

function collectWords(value) {
  if (Array.isArray(value)) return value.flatMap(collectWords);
  if (!value || typeof value !== "object") return [];
  if (typeof value.text === "string") return [value.text];
  return Object.values(value).flatMap(collectWords);
}

// --- elements ---

const TEXT_INPUTS = {
  email_text_input: "email",
  url_text_input: "url",
  number_input: "text",
  plain_text_input: "text",
};

/** An element in a message, or outside of an input block: it acts at once. */
function drawElement(block, element, holder) {
  const reference = `${block.block_id}/${element.action_id}`;
  if (element.type === "button") return drawButton(element, reference, holder);
  if (element.type === "image") return picture(element);
  const control = drawControl(element, labelOf(element), undefined, asking(reference, holder));
  if (!control)
    return h("span", { class: "hint" }, `This page does not draw elements of type ${element.type}.`);
  actOnChoice(element, control, (value) => holder.act(reference, value), holder.confirm);
  // A form sends these along, too.
  holder.fields?.set(block.block_id, { read: control.read, fail: () => {} });
  return control.node;
}

/** Tells a choice to the app, after asking where the element wants that; a menu shows no choice afterwards. */
function actOnChoice(element, control, act, confirm) {
  const isMenu = element.type === "overflow";
  let before = control.node.value;
  control.node.addEventListener("change", async () => {
    const value = control.read();
    if (value === "" && (isMenu || control.isUnsettled?.())) return;
    if (isMenu) control.node.value = "";
    const agreed = !element.confirm || (await confirm(element.confirm));
    if (!agreed && !isMenu) control.node.value = before;
    if (!agreed) return;
    before = control.node.value;
    const address = isMenu ? webAddress(element.options.find((option) => option.value === value)?.url ?? "") : null;
    if (address) open(address.href, "_blank", "noopener,noreferrer");
    await act(value);
  });
}

function labelOf(element) {
  return element.accessibility_label ?? element.placeholder?.text ?? element.type.replaceAll("_", " ");
}

function drawButton(element, reference, holder) {
  const press = async (event) => {
    const button = event.currentTarget;
    const address = element.url ? webAddress(element.url) : null;
    if (element.confirm && !(await holder.confirm(element.confirm))) return;
    if (address) open(address.href, "_blank", "noopener,noreferrer");
    button.disabled = true;
    await holder.act(reference);
    button.disabled = false;
  };
  const label = element.accessibility_label;
  return h(
    "button",
    { type: "button", class: element.style ?? "", "aria-label": label, onclick: press },
    textObject(element.text),
  );
}

/** An input of a form, with its label, hint and place for an error. */
function drawInput(block, holder) {
  const id = `in-${block.block_id}`;
  const label = block.label?.text ?? "";
  const suggest = asking(`${block.block_id}/${block.element.action_id}`, holder);
  const control = drawControl(block.element, label, id, suggest);
  if (!control) {
    return [
      h("p", {}, label),
      h("p", { class: "hint" }, `This page does not draw inputs of type ${block.element.type}.`),
    ];
  }
  const error = h("p", { class: "error", id: `${id}-error`, role: "alert", hidden: true });
  control.focus.setAttribute("aria-describedby", `${id}-error`);
  holder.fields.set(block.block_id, {
    read: control.read,
    reference: block.dispatch_action ? "" : `${block.block_id}/${block.element.action_id}`,
    problem: () => problemOf(block.element, control.read()),
    fail: (text) => showError(control.focus, error, text),
  });
  if (block.dispatch_action) {
    const reference = `${block.block_id}/${block.element.action_id}`;
    actOnChoice(block.element, control, (value) => holder.act(reference, value), holder.confirm);
  }
  const optional = block.optional ? h("span", { class: "hint" }, " (optional)") : null;
  const grouped = control.node.tagName === "FIELDSET";
  return [
    grouped ? null : h("label", { for: id }, textObject(block.label), optional),
    grouped
      ? (control.node.prepend(h("legend", {}, textObject(block.label), optional)), control.node)
      : control.node,
    block.hint ? h("p", { class: "hint" }, textObject(block.hint)) : null,
    error,
  ];
}

/** How the app is asked for options while somebody types. */
function asking(reference, holder) {
  return (query) => holder.suggest?.(reference, query) ?? null;
}

/** What Slack itself finds wrong with what was entered, before the app hears of it. */
function problemOf(element, value) {
  if (Array.isArray(value)) {
    const most = element.max_selected_items ?? element.max_files ?? Infinity;
    return value.length > most ? `Choose at most ${most}.` : "";
  }
  const text = typeof value === "string" ? value.trim() : "";
  if (!text) return "";
  const least = element.min_length ?? 0;
  if (text.length < least) return `This needs at least ${least} characters.`;
  if (text.length > (element.max_length ?? 3000)) return `This takes at most ${element.max_length ?? 3000} characters.`;
  if (element.type === "email_text_input" && !/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text))
    return "This does not look like an e-mail address.";
  if (element.type === "url_text_input" && !webAddress(text)) return "This does not look like a web address.";
  return element.type === "number_input" ? numberProblem(element, text) : "";
}

function numberProblem(element, text) {
  const pattern = element.is_decimal_allowed ? /^-?\d+([.]\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(text)) return element.is_decimal_allowed ? "This has to be a number." : "This has to be a whole number.";
  const number = Number(text);
  if (element.min_value !== undefined && number < Number(element.min_value)) return `The least is ${element.min_value}.`;
  if (element.max_value !== undefined && number > Number(element.max_value)) return `The most is ${element.max_value}.`;
  return "";
}

function showError(input, error, text) {
  error.textContent = text;
  error.hidden = !text;
  input.setAttribute("aria-invalid", text ? "true" : "false");
  if (text) input.focus();
}

/**
 * A control that holds a value; null for one this page cannot draw.
 * @returns {{node: HTMLElement, focus: HTMLElement, read: () => unknown} | null}
 */
function drawControl(element, label, id, suggest) {
  if (element.type.endsWith("external_select")) return externalControl(element, label, id, suggest);
  if (element.type.startsWith("multi_")) return multipleControl(element, label, id);
  if (element.type === "datetimepicker") return momentControl(element, id);
  if (element.type === "rich_text_input") return textControl({ ...element, multiline: true, initial_value: "" }, id);
  if (element.type === "file_input") return fileControl(id);
  if (element.type in TEXT_INPUTS) return textControl(element, id);
  if (element.type === "static_select" || element.type === "overflow")
    return selectControl(element, optionsOf(element), label, id);
  if (element.type === "users_select") return selectControl(element, userOptions(), label, id);
  if (element.type === "channels_select") return selectControl(element, channelOptions(), label, id);
  if (element.type === "conversations_select") return selectControl(element, conversationOptions(), label, id);
  if (element.type === "radio_buttons" || element.type === "checkboxes") return choiceControl(element, id);
  if (element.type === "datepicker") return plainControl(element, "date", element.initial_date, id);
  if (element.type === "timepicker") return plainControl(element, "time", element.initial_time, id);
  return null;
}

function textControl(element, id) {
  const attributes = {
    id,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    value: element.initial_value ?? "",
    autofocus: element.focus_on_load,
  };
  const node = element.multiline
    ? h("textarea", { ...attributes, rows: 4 })
    : h("input", { ...attributes, type: TEXT_INPUTS[element.type] });
  return { node, focus: node, read: () => node.value };
}

function plainControl(element, type, initial, id) {
  const node = h("input", { id, type, value: initial ?? "" });
  return { node, focus: node, read: () => node.value };
}

function optionsOf(element) {
  const option = (item) => ({ value: item.value, label: item.text.text });
  return [...(element.options ?? []), ...(element.option_groups ?? []).flatMap((group) => group.options)].map(
    option,
  );
}

function userOptions() {
  return people().map((user) => ({ value: user.id, label: nameOf(user.id) }));
}

function channelOptions() {
  return visibleChannels(state.me).rooms.map(channelOption);
}

function conversationOptions() {
  const { rooms, direct } = visibleChannels(state.me);
  return [...rooms, ...direct].map(channelOption);
}

function channelOption(channel) {
  return { value: channel.id, label: titleOf(channel, state.me) };
}

function selectControl(element, options, label, id) {
  const initial =
    element.initial_option?.value ??
    element.initial_user ??
    element.initial_channel ??
    element.initial_conversation ??
    "";
  const isOverflow = element.type === "overflow";
  const first = h("option", { value: "" }, element.placeholder?.text ?? (isOverflow ? "⋯" : "Choose"));
  const node = h(
    "select",
    { id, class: isOverflow ? "overflow" : null, "aria-label": id ? null : label, autofocus: element.focus_on_load },
    first,
    element.option_groups?.length ? element.option_groups.map(optionGroup) : options.map(optionNode),
  );
  node.value = initial;
  return { node, focus: node, read: () => node.value };
}

function optionNode(option) {
  return h("option", { value: option.value }, option.label);
}

function optionGroup(group) {
  return h("optgroup", { label: group.label.text }, optionsOf(group).map(optionNode));
}

const CHOICES = {
  multi_static_select: (element) => optionsOf(element),
  multi_users_select: () => userOptions(),
  multi_channels_select: () => channelOptions(),
  multi_conversations_select: () => conversationOptions(),
};

function multipleControl(element, label, id) {
  const options = CHOICES[element.type]?.(element);
  if (!options) return null;
  const initial = new Set([
    ...(element.initial_options ?? []).map((option) => option.value),
    ...(element.initial_users ?? element.initial_channels ?? element.initial_conversations ?? []),
  ]);
  const boxes = options.map((option) =>
    h("input", { type: "checkbox", value: option.value, checked: initial.has(option.value) }),
  );
  const labels = options.map((option, place) => h("label", {}, boxes[place], " ", option.label));
  const node = h("fieldset", { id, class: "several", "aria-label": id ? null : label }, labels);
  const read = () => boxes.filter((box) => box.checked).map((box) => box.value);
  return { node, focus: boxes[0] ?? node, read };
}

let asked = 0;

/** A field whose choices come from the app while one types. One that takes several keeps them beneath. */
function externalControl(element, label, id, suggest) {
  const several = element.type.startsWith("multi_") ? chosenList(element.initial_options ?? []) : null;
  const known = new Map();
  const listId = `offered-${(asked += 1)}`;
  const list = h("datalist", { id: listId });
  const first = element.initial_option;
  if (first) known.set(first.text.text, first);
  const node = h("input", {
    id,
    type: "text",
    list: listId,
    autocomplete: "off",
    placeholder: element.placeholder?.text ?? "Type to search",
    "aria-label": id ? null : label,
    value: first?.text.text ?? "",
  });
  const ask = async () => {
    if (known.has(node.value) || node.value.length < (element.min_query_length ?? 3)) return;
    const answer = await suggest(node.value);
    const options = (answer?.options ?? []).flatMap((item) => item.options ?? [item]);
    for (const option of options) known.set(option.text.text, option);
    list.replaceChildren(...options.map((option) => h("option", { value: option.text.text })));
  };
  const take = () => {
    if (!several || !known.has(node.value)) return;
    several.add(known.get(node.value));
    node.value = "";
  };
  let waiting = 0;
  node.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 200);
  });
  node.addEventListener("change", take);
  const holder = h("span", { class: "external" }, node, list, several?.node);
  const read = () => several?.read() ?? known.get(node.value)?.value ?? "";
  return { node: holder, focus: node, read, isUnsettled: () => node.value !== "" };
}

/** What was chosen so far; one that is unchecked is not chosen any more. */
function chosenList(initial) {
  const node = h("span", { class: "chosen" });
  const boxes = () => [...node.querySelectorAll("input")].filter((box) => box.checked);
  const add = (option) => {
    if (boxes().some((box) => box.value === option.value)) return;
    const box = h("input", { type: "checkbox", value: option.value, checked: true });
    node.append(h("label", {}, box, " ", option.text.text));
  };
  initial.forEach(add);
  return { node, add, read: () => boxes().map((box) => box.value) };
}

function momentControl(element, id) {
  const local = (seconds) => {
    const date = new Date(seconds * 1000);
    return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  };
  const node = h("input", {
    id,
    type: "datetime-local",
    value: element.initial_date_time ? local(element.initial_date_time) : "",
  });
  return { node, focus: node, read: () => (node.value ? Math.floor(new Date(node.value).getTime() / 1000) : "") };
}

function fileControl(id) {
  const node = h("input", { id, type: "file", multiple: true });
  return { node, focus: node, read: () => [...node.files].map((file) => file.name) };
}

let groups = 0;

function choiceControl(element, id) {
  const isRadio = element.type === "radio_buttons";
  const initial = isRadio ? [element.initial_option] : (element.initial_options ?? []);
  const chosen = new Set(initial.filter(Boolean).map((option) => option.value));
  const name = `choice-${(groups += 1)}`;
  const inputs = element.options.map((option) =>
    h("input", {
      type: isRadio ? "radio" : "checkbox",
      name,
      value: option.value,
      checked: chosen.has(option.value),
    }),
  );
  const labels = element.options.map((option, place) =>
    h(
      "label",
      {},
      inputs[place],
      " ",
      textObject(option.text),
      option.description ? h("span", { class: "hint" }, " ", textObject(option.description)) : null,
    ),
  );
  const node = h("fieldset", { id }, labels);
  const values = () => inputs.filter((input) => input.checked).map((input) => input.value);
  return { node, focus: inputs[0], read: () => (isRadio ? (values()[0] ?? "") : values()) };
}
