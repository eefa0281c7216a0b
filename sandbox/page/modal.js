// The acting person's modals: the one on top of their stack, with its form.

import {act, read, Refused} from "./api.js";
import {drawBlocks} from "./blocks.js";
import {button, fill, h} from "./dom.js";
import {holderOf, actAsMe} from "./gestures.js";
import {icon} from "./icons.js";
import {state} from "./state.js";
import {textObject} from "./text.js";

const dialog = document.getElementById("modal");
let shown = "";
let turn = 0;

// Shows what is on top of the person's stack of modals, or nothing
export async function refreshModal() {
	const mine = (turn += 1);
	const {stack} = await read("views", {user: state.me});
	if (mine !== turn) return;
	const view = stack.at(-1);
	const key = view ? `${state.me} ${view.id} ${view.hash}` : "";
	if (key === shown) return;
	shown = key;
	if (view) show(view, stack.length > 1);
	else dialog.close();
}

function show(view, isStacked) {
	const fields = new Map();
	const sent = new Map();
	const holder = holderOf({view_id: view.id});
	const click = async (...choice) => {
		await sync(view, fields, sent);
		await holder.act(...choice);
	};
	const submit = view.submit && h("button.primary", {type: "submit"}, textObject(view.submit));
	const send = async event => {
		event.preventDefault();
		submit.disabled = true;
		await sendForm(view, fields);
		submit.disabled = false;
	};
	if (submit) submit.disabled = view.submit_disabled;
	const cross = {class: "plain", "aria-label": "Close"};
	const form = h(
		"form",
		{onsubmit: send, novalidate: true, "data-view": view.id},
		// In a stack of forms the cross closes all of them, the button only the one on top.
		h("header", h("h2", {id: "modal-title"}, textObject(view.title)), button(icon("close"), () => close(isStacked), cross)),
		h("div.body", drawBlocks(withState(view), {...holder, fields, act: click})),
		h("div.actions", button(textObject(view.close ?? {text: "Close"}), () => close()), submit)
	);
	for (const [blockId, field] of fields) sent.set(blockId, JSON.stringify(field.read()));
	const before = dialog.querySelector(`form[data-view="${CSS.escape(view.id)}"]`);
	const place = before && placeIn(before);
	if (before) carryOver(before, form);
	fill(dialog, form);
	dialog.oncancel = event => {
		event.preventDefault();
		close();
	};
	if (!dialog.open) dialog.showModal();
	if (place) takePlace(form, place);
	else focusFirst(form);
}

function focusFirst(form) {
	(form.querySelector("[autofocus]") ?? firstField(form))?.focus();
}

const firstField = form => form.querySelector(".body :is(input, textarea, select, button)");

// Slack knows what stands in a form with every click in it. Fields that are not right yet wait
async function sync(view, fields, sent) {
	for (const [blockId, {reference: element, read: value, problem}] of fields) {
		const entered = value();
		if (!element || problem() || sent.get(blockId) === JSON.stringify(entered)) continue;
		sent.set(blockId, JSON.stringify(entered));
		try {
			await act("click", {user: state.me, element, value: entered, view_id: view.id});
		} catch (error) {
			// A field that went with an update, or that is not right yet, is told when the form is sent.
			if (!(error instanceof Refused)) throw error;
		}
	}
}

const FILLED = "input[id], textarea[id], select[id], fieldset[id] input";

// When the app changes a form, what stands in its fields stays where the fields stay
function carryOver(before, after) {
	const known = new Map([...before.querySelectorAll(FILLED)].map(field => [keyOf(field), field]));
	for (const field of after.querySelectorAll(FILLED)) {
		const old = known.get(keyOf(field));
		if (!old || field.type === "file") continue;
		if (["radio", "checkbox"].includes(field.type)) field.checked = old.checked;
		else if (field.tagName !== "SELECT" || [...field.options].some(option => option.value === old.value))
			field.value = old.value;
	}
}

function keyOf(field) {
	return field.id ? `${field.tagName} ${field.type} ${field.id}` : `${field.closest("fieldset").id} ${field.value}`;
}

function placeIn(form) {
	const focused = document.activeElement;
	return {top: form.querySelector(".body").scrollTop, id: form.contains(focused) ? focused.id : ""};
}

function takePlace(form, {top, id}) {
	form.querySelector(".body").scrollTop = top;
	(document.getElementById(id) ?? firstField(form))?.focus({preventScroll: true});
}

// What the person entered before an update stays
function withState(view) {
	return view.blocks.map(block => {
		const entered = block.type === "input" && view.state.values[block.block_id]?.[block.element.action_id];
		return entered ? {...block, element: {...block.element, ...asInitial(entered)}} : block;
	});
}

// `value` and `selected_…` as `initial_…`
function asInitial(entered) {
	const known = Object.entries(entered).filter(([key, value]) => /^(value|selected_)/.test(key) && value !== null);
	return Object.fromEntries(known.map(([key, value]) => [`initial_${key.replace("selected_", "")}`, value]));
}

async function sendForm(view, fields) {
	const entered = [...fields].map(([blockId, field]) => [blockId, field, field.read()]);
	const required = new Set(view.blocks.filter(block => !block.optional).map(block => block.block_id));
	const isMissing = (blockId, value) => required.has(blockId) && (value === "" || value?.length === 0);
	const fail = problems => {
		// The first one is told last, and gets the focus.
		for (const [field, words] of problems.reverse()) field?.fail(words);
		return problems.length;
	};
	for (const [, field] of entered) field.fail("");
	const empty = entered.filter(([blockId, field, value]) => field.problem && isMissing(blockId, value));
	if (fail(empty.map(([, field]) => [field, "Please fill this in."]))) return;
	const wrong = entered.map(([, field]) => [field, field.problem?.()]);
	if (fail(wrong.filter(([, words]) => words))) return;
	const values = Object.fromEntries(entered.map(([blockId, , value]) => [blockId, value]));
	const answer = await actAsMe("submit", {view_id: view.id, values});
	fail(Object.entries(answer?.errors ?? {}).map(([blockId, words]) => [fields.get(blockId), words]));
}

async function close(everything = false) {
	await actAsMe("close", {everything});
	await refreshModal();
}
