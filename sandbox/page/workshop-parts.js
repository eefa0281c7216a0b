// Pieces that the workshop is built of.

import { h } from "./dom.js";

/** @param {Record<string, unknown>} [attributes] */
export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

export function crossButton(label, onclick) {
  return button("×", onclick, { class: "plain cross", "aria-label": label, title: label });
}

export function switchBox(onchange) {
  return h("input", { type: "checkbox", role: "switch", onchange });
}

/** @param {[unknown, string][]} options values and what is shown */
export function select(label, options, onchange) {
  const choices = options.map(([value, text]) => h("option", { value: JSON.stringify(value) }, text));
  return h("select", { "aria-label": label, onchange }, choices);
}

export function hint(text) {
  return h("p", { class: "hint" }, text);
}

export function row(...children) {
  return h("div", { class: "row" }, children);
}

export function dot(tone) {
  return h("span", { class: `dot-of ${tone}`, "aria-hidden": "true" });
}
