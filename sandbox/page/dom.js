// Building the page from elements and text. Nothing here, or anywhere else in the page, parses HTML.

const FOCUSED = "a, button, input, select, textarea";
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected"]);

// An element: h("p.hint", "words"), h("button.plain", {onclick}, "Go"). `on…` adds a listener; null, undefined
// and false leave an attribute or a child out
export function h(kind, ...rest) {
	const [tag, ...classes] = kind.split(".");
	const element = document.createElement(tag);
	if (classes.length) element.className = classes.join(" ");
	if (tag === "button") element.type = "button";
	const attributes = rest[0]?.constructor === Object ? rest.shift() : {};
	for (const [name, value] of Object.entries(attributes)) {
		if (value === undefined || value === null || value === false) continue;
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (PROPERTIES.has(name)) element[name] = value;
		else element.setAttribute(name, value === true ? "" : value);
	}
	fill(element, rest);
	return element;
}

export function fill(element, ...children) {
	const isThere = child => child !== null && child !== undefined && child !== false;
	element.replaceChildren(...children.flat(Infinity).filter(isThere));
}

export const button = (label, onclick, attributes) => h("button", {onclick, ...attributes}, label);

export const hint = (...words) => h("p.hint", words);

// Redraws an element and puts the focus back on what is at the same place
export function keepingFocus(root, draw) {
	const place = placeOfFocus(root);
	draw(root);
	focusPlace(root, place);
}

// Puts one element in the place of another, and the focus where it was
export function replaceKeepingFocus(before, after) {
	const place = placeOfFocus(before);
	const isFocused = document.activeElement === before;
	before.replaceWith(after);
	if (isFocused) after.focus();
	focusPlace(after, place);
}

const placeOfFocus = root => [...root.querySelectorAll(FOCUSED)].indexOf(document.activeElement);

function focusPlace(root, place) {
	const places = root.querySelectorAll(FOCUSED);
	if (place >= 0) places[Math.min(place, places.length - 1)]?.focus();
}

// Makes the children of an element these, in this order, without touching those that are in place
export function arrange(root, nodes) {
	const wanted = new Set(nodes);
	for (const child of [...root.childNodes]) if (!wanted.has(child)) child.remove();
	let next = root.firstChild;
	for (const node of nodes) {
		if (node === next) next = node.nextSibling;
		else root.insertBefore(node, next);
	}
}

// A link to the web, or only its label where the address is not http(s)
export function webLink(address, label) {
	const url = webAddress(address);
	return url ? h("a", {href: url.href, target: "_blank", rel: "noopener noreferrer"}, label) : h("span", label);
}

export function webAddress(address) {
	const url = URL.canParse(address) ? new URL(address) : null;
	return /^https?:$/.test(url?.protocol) ? url : null;
}

// Copies a text; false where the browser does not let us
export async function copied(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		return false;
	}
}

// What this browser remembers of the page; one that keeps nothing forgets it when the page is left
export function remember(name, value) {
	try {
		localStorage.setItem(name, JSON.stringify(value));
	} catch {}
}

export function recall(name) {
	try {
		return JSON.parse(localStorage.getItem(name));
	} catch {} // Another version wrote it, or the browser keeps nothing
}

let menu = null;

// A small menu beside `anchor` that ends with the next choice, click elsewhere, or Escape; the focus goes back then
export function openMenu(anchor, label, ...content) {
	const ontoggle = ({newState, target}) => newState === "closed" && target.remove();
	menu = h("div.menu", {popover: true, role: "dialog", "aria-label": label, onkeydown: walk, ontoggle}, content);
	// In an open dialog everything outside of it is inert.
	(anchor.closest("dialog") ?? document.body).append(menu);
	menu.showPopover();
	const place = anchor.getBoundingClientRect();
	const fits = place.bottom + menu.offsetHeight < innerHeight - 12;
	menu.style.left = `${Math.max(8, Math.min(place.left, innerWidth - menu.offsetWidth - 8))}px`;
	menu.style.top = `${fits ? place.bottom + 4 : Math.max(8, place.top - menu.offsetHeight - 4)}px`;
	menu.querySelector("button, input")?.focus();
}

function walk(event) {
	const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
	const isTyping = event.target.tagName === "INPUT" && event.key !== "ArrowDown";
	if (!step || isTyping) return;
	const buttons = [...event.currentTarget.querySelectorAll("button")];
	const now = buttons.indexOf(document.activeElement);
	buttons.at((now + step) % buttons.length)?.focus();
	event.preventDefault();
}

export function choice(label, todo, attributes) {
	const choose = () => {
		closeMenu();
		todo();
	};
	return h("button.plain.choice", {onclick: choose, ...attributes}, label);
}

export function closeMenu() {
	if (menu?.matches(":popover-open")) menu.hidePopover();
}
