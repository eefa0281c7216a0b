// JSON as a tree that opens and closes. Everything in it is text.

import {button, copied, h} from "./dom.js";
import {counted} from "./messages.js";

const OPEN_AT_ONCE = 6;

// A JSON value as nested details, after its name; what is inside is drawn when it is opened
export const tree = (value, name, isOpen = true) => h("div.tree", node(value, name, "", isOpen));

// Opens the way to a JSON pointer (RFC 6901) and marks what is there
export function showPointer(root, pointer) {
	const find = path => root.querySelector(`[data-pointer="${CSS.escape(path)}"]`);
	const parts = pointer.split("/");
	let place = find("");
	for (let depth = 2; depth <= parts.length; depth += 1) {
		if (place instanceof HTMLDetailsElement) open(place);
		place = find(parts.slice(0, depth).join("/")) ?? place;
	}
	root.querySelector(".pointed")?.classList.remove("pointed");
	place?.classList.add("pointed");
	place?.scrollIntoView({block: "nearest"});
}

function node(value, name, pointer, isOpen = false) {
	const [inner, note] = unpacked(value);
	if (inner === null || typeof inner !== "object") return leaf(inner, name, pointer);
	const size = Object.keys(inner).length;
	const about = ` ${counted(size, Array.isArray(inner) ? "item" : "key")}${note}`;
	const details = h("details", {"data-pointer": pointer}, h("summary", key(name), h("span.hint", about)));
	details.draw = () => {
		details.draw = null;
		details.append(h("div.branch", size ? children(inner, pointer) : h("span.hint", "empty")));
	};
	details.addEventListener("toggle", () => details.draw?.());
	if (isOpen) open(details);
	return details;
}

function open(details) {
	details.draw?.();
	details.open = true;
}

function children(value, pointer) {
	const entries = Object.entries(value);
	const isOpen = entries.length <= OPEN_AT_ONCE && pointer === "";
	const step = name => `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
	return entries.map(([name, inner]) => node(inner, name, step(name), isOpen));
}

function leaf(value, name, pointer) {
	const kind = value === null ? "null" : typeof value;
	const text = h(`span.leaf.${kind}`, value === "" ? "“”" : String(value));
	return h("div.twig", {"data-pointer": pointer}, key(name), " ", text);
}

const key = name => h("span.key", name);

// Form fields carry JSON as text; it reads better unfolded
function unpacked(value) {
	try {
		if (typeof value === "string" && /^\s*[[{]/.test(value)) return [JSON.parse(value), ", sent as text"];
	} catch {} // It only looks like JSON
	return [value, ""];
}

export function copyButton(value) {
	const copy = button("Copy as JSON", async () => {
		const text = JSON.stringify(value, null, 2);
		if (await copied(text)) {
			copy.textContent = "Copied";
			return setTimeout(() => (copy.textContent = "Copy as JSON"), 1500);
		}
		// Without the right to the clipboard the text is shown, ready to be copied by hand.
		const field = h("textarea", {readonly: true, rows: 8, "aria-label": "JSON", value: text});
		copy.replaceWith(field);
		field.select();
	});
	return copy;
}
