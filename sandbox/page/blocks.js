// Block Kit as nodes. What this page does not know is said in words, never dropped in silence.

import {button, choice, h, hint, openMenu, webAddress, webLink} from "./dom.js";
import {iconButton} from "./icons.js";
import {nameOf, people, state, titleOf, visibleChannels} from "./state.js";
import {mrkdwn, plainText, richText, textObject} from "./text.js";

// All blocks, in order. The holder they stand in tells the app of clicks and choices (`act`), asks the person
// (`confirm`) or the app for options (`suggest`), and in a form collects its `fields` by block_id: how to `read` them,
// what `problem` they have, how to show that they `fail`, and the `reference` of those that act with the form only
export function drawBlocks(blocks, holder) {
	return blocks.map(block => {
		const draw = BLOCKS[block.type];
		return h(`div.block.${draw ? block.type : "unknown"}`, (draw ?? unknownBlock)(block, holder));
	});
}

const BLOCKS = {
	rich_text: richText,
	section: (block, holder) => [
		h("div.words", paragraph(block.text), block.fields?.map(paragraph)),
		block.accessory && drawElement(block, block.accessory, holder)
	],
	context: block => block.elements.map(item => (item.type === "image" ? picture(item) : h("span", textObject(item)))),
	actions: (block, holder) => block.elements.map(element => drawElement(block, element, holder)),
	header: block => h("h3", textObject(block.text)),
	divider: () => h("hr"),
	image: block => [paragraph(block.title), picture(block)],
	markdown: block => h("p", mrkdwn(block.text)),
	table: ({rows: [head, ...rows]}) => {
		const row = (cells, tag) => h("tr", cells?.map(item => h(tag, cell(item))));
		return h("div.wide", h("table", row(head, "th"), rows.map(cells => row(cells, "td"))));
	},
	video: block => webLink(block.video_url, `Video: ${block.title?.text ?? block.alt_text ?? "untitled"}`),
	input: drawInput
};

const cell = item => item?.type === "rich_text" ? richText(item) : plainText(String(item?.text ?? item?.value ?? ""));

const paragraph = text => text && h("p", textObject(text));

// Uploaded pictures are shown; those from elsewhere are not fetched: the sandbox stays on this machine
function picture({slack_file: file, image_url, alt_text: alt}) {
	const own = file?.id ? `/files/${encodeURIComponent(file.id)}/picture` : file?.url;
	if (own?.startsWith("/files/")) return h("img.picture", {src: own, alt});
	return webLink(image_url ?? file?.url, `Picture: ${alt ?? "without description"}`);
}

function unknownBlock(block) {
	const words = wordsIn(block).join(" · ");
	return [hint(`This page does not draw blocks of type ${block.type}${words ? "; what it says:" : "."}`), h("p", words)];
}

function wordsIn(value) {
	if (!value || typeof value !== "object") return [];
	return typeof value.text === "string" ? [value.text] : Object.values(value).flatMap(wordsIn);
}

function drawElement(block, element, holder) {
	const reference = referenceTo(block, element);
	if (element.type === "button") return drawButton(element, reference, holder);
	if (element.type === "overflow") return drawMenu(element, reference, holder);
	if (element.type === "image") return picture(element);
	const label = element.accessibility_label ?? element.placeholder?.text ?? element.type.replaceAll("_", " ");
	const control = drawControl(element, label, null, query => holder.suggest(reference, query));
	if (!control) return h("span.hint", `This page does not draw elements of type ${element.type}.`);
	actOnChoice(element, control, reference, holder);
	// A form sends these along, too.
	holder.fields?.set(block.block_id, {read: control.read, fail: () => {}});
	return control.node;
}

const referenceTo = (block, element) => `${block.block_id}/${element.action_id}`;

// Tells a choice to the app, after asking where the element wants that
function actOnChoice(element, {node, read, isUnsettled}, reference, {act, confirm}) {
	let before = node.value;
	node.addEventListener("change", async () => {
		const value = read();
		if (value === "" && isUnsettled?.()) return;
		if (element.confirm && !(await confirm(element.confirm))) return (node.value = before);
		before = node.value;
		await act(reference, value);
	});
}

function drawButton(element, reference, holder) {
	const onclick = ({currentTarget}) => press(currentTarget, element, element, reference, holder);
	return button(textObject(element.text), onclick, {class: element.style, "aria-label": element.accessibility_label});
}

function drawMenu(element, reference, holder) {
	const label = "More options";
	const open = ({currentTarget: menu}) => {
		const drawChoice = option => choice(textObject(option.text), () => press(menu, element, option, reference, holder));
		openMenu(menu, label, element.options.map(drawChoice));
	};
	return iconButton("more", label, open);
}

// Of what is chosen in a menu, the menu is pressed
async function press(pressed, {confirm}, {url, value}, reference, holder) {
	if (confirm && !(await holder.confirm(confirm))) return;
	const address = webAddress(url);
	if (address) open(address.href, "_blank", "noopener,noreferrer");
	pressed.disabled = true;
	await holder.act(reference, value);
	pressed.disabled = false;
}

function drawInput(block, holder) {
	const {element} = block;
	const id = `in-${block.block_id}`;
	const reference = referenceTo(block, element);
	const control = drawControl(element, block.label.text, id, query => holder.suggest(reference, query));
	if (!control)
		return [h("p", block.label.text), hint(`This page does not draw inputs of type ${element.type}.`)];
	const {node, focus, read} = control;
	const error = h("p.error", {id: `${id}-error`, role: "alert", hidden: true});
	focus.setAttribute("aria-describedby", error.id);
	holder.fields?.set(block.block_id, {
		read,
		reference: block.dispatch_action ? "" : reference,
		problem: () => problemOf(element, read()),
		fail: text => showError(focus, error, text)
	});
	if (block.dispatch_action) actOnChoice(element, control, reference, holder);
	const label = [textObject(block.label), block.optional && h("span.hint", " (optional)")];
	const isGroup = node.tagName === "FIELDSET";
	if (isGroup) node.prepend(h("legend", label));
	return [!isGroup && h("label", {for: id}, label), node, block.hint && hint(textObject(block.hint)), error];
}

function showError(input, error, text) {
	error.textContent = text;
	error.hidden = !text;
	input.setAttribute("aria-invalid", String(Boolean(text)));
	if (text) input.focus();
}

// What Slack itself finds wrong with what was entered, before the app hears of it
function problemOf(element, value) {
	const {max_selected_items, max_files, min_length: least = 0, max_length: most = 3000} = element;
	if (Array.isArray(value)) {
		const limit = max_selected_items ?? max_files ?? Infinity;
		return value.length > limit ? `Choose at most ${limit}.` : "";
	}
	const text = String(value).trim();
	if (!text) return "";
	if (text.length < least) return `This needs at least ${least} characters.`;
	if (text.length > most) return `This takes at most ${most} characters.`;
	return PROBLEMS[element.type]?.(text, element) ?? "";
}

const PROBLEMS = {
	email_text_input: text => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? "" : "This does not look like an e-mail address."),
	url_text_input: text => (webAddress(text) ? "" : "This does not look like a web address."),
	number_input: (text, {is_decimal_allowed: isDecimal, min_value: least, max_value: most}) => {
		if (!(isDecimal ? /^-?\d+([.]\d+)?$/ : /^-?\d+$/).test(text))
			return `This has to be a ${isDecimal ? "" : "whole "}number.`;
		if (Number(text) < Number(least)) return `The least is ${least}.`;
		return Number(text) > Number(most) ? `The most is ${most}.` : "";
	}
};

const INPUTS = {
	plain_text_input: "text",
	rich_text_input: "text",
	number_input: "text",
	email_text_input: "email",
	url_text_input: "url",
	datepicker: "date",
	timepicker: "time",
	datetimepicker: "datetime-local",
	file_input: "file"
};

const OPTIONS = {
	static: ({options = [], option_groups: groups = []}) => [...options, ...groups.flatMap(group => group.options)],
	users: () => people().map(user => optionOf(user.id, nameOf(user.id))),
	channels: () => visibleChannels(state.me).rooms.map(channelOption),
	conversations: () => Object.values(visibleChannels(state.me)).flat().map(channelOption)
};

const optionOf = (value, text) => ({value, text: {text}});

const channelOption = channel => optionOf(channel.id, titleOf(channel, state.me));

// A control: its node, the one to focus, and how to read its value; null for one that this page cannot draw
function drawControl(element, label, id, suggest) {
	const {type} = element;
	if (type in INPUTS) return inputControl(element, id);
	if (type === "radio_buttons" || type === "checkboxes") return boxesControl(element, element.options, label, id);
	const [, several, kind] = /^(multi_)?(\w+)_select$/.exec(type) ?? [];
	if (kind === "external") return externalControl(element, label, id, suggest, several);
	const options = OPTIONS[kind]?.(element);
	if (several && options) return boxesControl(element, options, label, id, ".several");
	return options ? selectControl(element, options, label, id) : null;
}

// The values that a field begins with: `initial_option`, `initial_users`, `initial_date`…
function initialOf(element) {
	const given = Object.entries(element).flatMap(([key, value]) => (key.startsWith("initial_") ? value : []));
	return given.map(item => item?.value ?? item);
}

function inputControl(element, id) {
	const type = INPUTS[element.type];
	const isRich = element.type === "rich_text_input";
	const [initial = ""] = isRich ? [] : initialOf(element);
	const attributes = {
		id,
		placeholder: element.placeholder?.text,
		maxlength: element.max_length,
		autofocus: element.focus_on_load,
		value: type === "datetime-local" && initial ? localTime(initial) : initial
	};
	const isTall = element.multiline || isRich;
	const node = isTall
		? h("textarea", {...attributes, rows: 4})
		: h("input", {type, multiple: type === "file", ...attributes});
	return {node, focus: node, read: () => (READERS[type] ?? (() => node.value))(node)};
}

const READERS = {
	file: ({files}) => [...files].map(file => file.name),
	"datetime-local": ({value}) => (value ? Math.floor(new Date(value) / 1000) : "")
};

function localTime(seconds) {
	const date = new Date(seconds * 1000);
	return new Date(date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function selectControl(element, options, label, id) {
	const {option_groups: groups} = element;
	const node = h(
		"select",
		{id, "aria-label": !id && label, autofocus: element.focus_on_load},
		h("option", {value: ""}, element.placeholder?.text ?? "Choose"),
		groups?.length
			? groups.map(group => h("optgroup", {label: group.label.text}, group.options.map(optionNode)))
			: options.map(optionNode)
	);
	node.value = initialOf(element)[0] ?? "";
	return {node, focus: node, read: () => node.value};
}

const optionNode = ({value, text}) => h("option", {value}, text.text);

let groups = 0;

function boxesControl(element, options, label, id, style = "") {
	const initial = initialOf(element);
	const type = element.type === "radio_buttons" ? "radio" : "checkbox";
	const name = `choice-${(groups += 1)}`;
	const boxes = options.map(({value}) => h("input", {type, name, value, checked: initial.includes(value)}));
	const labels = options.map(({text, description}, place) =>
		h("label", boxes[place], " ", textObject(text), description && h("span.hint", " ", textObject(description)))
	);
	const node = h(`fieldset${style}`, {id, "aria-label": !id && label}, labels);
	const values = () => boxes.filter(box => box.checked).map(box => box.value);
	return {node, focus: boxes[0] ?? node, read: () => (type === "radio" ? (values()[0] ?? "") : values())};
}

let asked = 0;

// A field whose choices come from the app while one types. One that takes several keeps them beneath
function externalControl(element, label, id, suggest, isSeveral) {
	const several = isSeveral ? chosenList(element.initial_options ?? []) : null;
	const list = h("datalist", {id: `offered-${(asked += 1)}`});
	const known = new Map();
	const note = option => known.set(option.text.text, option);
	const first = element.initial_option;
	if (first) note(first);
	const node = h("input", {
		id,
		type: "text",
		list: list.id,
		autocomplete: "off",
		placeholder: element.placeholder?.text ?? "Type to search",
		"aria-label": !id && label,
		value: first?.text.text ?? ""
	});
	const ask = async () => {
		if (known.has(node.value) || node.value.length < (element.min_query_length ?? 3)) return;
		const answer = await suggest(node.value);
		const options = (answer?.options ?? []).flatMap(item => item.options ?? [item]);
		options.forEach(note);
		list.replaceChildren(...options.map(option => h("option", {value: option.text.text})));
	};
	let waiting = 0;
	node.addEventListener("input", () => {
		clearTimeout(waiting);
		waiting = setTimeout(ask, 200);
	});
	node.addEventListener("change", () => {
		if (!several || !known.has(node.value)) return;
		several.add(known.get(node.value));
		node.value = "";
	});
	const read = () => several?.read() ?? known.get(node.value)?.value ?? "";
	return {node: h("span.external", node, list, several?.node), focus: node, read, isUnsettled: () => node.value !== ""};
}

function chosenList(initial) {
	const node = h("span.chosen");
	const read = () => [...node.querySelectorAll(":checked")].map(box => box.value);
	const add = ({value, text}) => {
		if (read().includes(value)) return;
		node.append(h("label", h("input", {type: "checkbox", value, checked: true}), " ", text.text));
	};
	initial.forEach(add);
	return {node, add, read};
}
