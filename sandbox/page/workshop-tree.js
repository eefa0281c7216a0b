// JSON as a tree that opens and closes. Everything in it is text.

import { fill, h } from "./dom.js";

const OPEN_AT_ONCE = 6;

/**
 * A value as nested details; what is inside is drawn when it is opened.
 * @param {unknown} value JSON
 * @param {string} name what stands before it
 * @param {boolean} isOpen
 */
export function tree(value, name, isOpen = true) {
  return h("div", { class: "tree" }, node(value, name, "", isOpen));
}

/** Opens the way to a JSON pointer (RFC 6901) and marks what is there. */
export function showPointer(root, pointer) {
  let place = root.querySelector("[data-pointer='']");
  for (const part of parents(pointer)) {
    if (place instanceof HTMLDetailsElement) open(place);
    place = root.querySelector(`[data-pointer="${CSS.escape(part)}"]`) ?? place;
  }
  for (const marked of root.querySelectorAll(".pointed")) marked.classList.remove("pointed");
  place?.classList.add("pointed");
  place?.scrollIntoView({ block: "nearest" });
}

function parents(pointer) {
  const parts = pointer.split("/").slice(1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`);
}

function node(value, name, pointer, isOpen = false) {
  const [inner, note] = unpacked(value);
  if (inner === null || typeof inner !== "object") return leaf(inner, name, pointer);
  const details = h("details", { "data-pointer": pointer });
  details.draw = () => {
    details.draw = null;
    details.append(children(inner, pointer));
  };
  details.append(h("summary", {}, key(name), h("span", { class: "hint" }, ` ${sizeOf(inner)}${note}`)));
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
  const isSmall = entries.length <= OPEN_AT_ONCE;
  const step = (name) => `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const drawn = entries.map(([name, inner]) => node(inner, name, step(name), isSmall && pointer === ""));
  return h("div", { class: "branch" }, drawn.length ? drawn : h("span", { class: "hint" }, "empty"));
}

function leaf(value, name, pointer) {
  const kind = value === null ? "null" : typeof value;
  const shown = kind === "string" ? value : String(value);
  const text = h("span", { class: `leaf ${kind}` }, shown === "" ? "“”" : shown);
  return h("div", { class: "twig", "data-pointer": pointer }, key(name), " ", text);
}

function key(name) {
  return h("span", { class: "key" }, name);
}

function sizeOf(value) {
  const count = Object.keys(value).length;
  if (Array.isArray(value)) return count === 1 ? "1 item" : `${count} items`;
  return count === 1 ? "1 key" : `${count} keys`;
}

/** Form fields carry JSON as text; it reads better unfolded. */
function unpacked(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return [value, ""];
  try {
    return [JSON.parse(value), ", sent as text"];
  } catch {
    return [value, ""];
  }
}

/** A button that copies a value as JSON. */
export function copyButton(value, label = "Copy as JSON") {
  const button = h("button", { type: "button" }, label);
  button.onclick = async () => {
    const text = JSON.stringify(value, null, 2);
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Without the right to the clipboard the text is shown, ready to be copied by hand.
      const field = h("textarea", { readonly: true, rows: 8, "aria-label": "JSON" });
      field.value = text;
      button.replaceWith(field);
      field.select();
      return;
    }
    setTimeout(() => fill(button, label), 1500);
  };
  return button;
}
