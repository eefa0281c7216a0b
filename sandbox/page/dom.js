// Building the page from elements and text. Nothing here, or anywhere else in the page, parses HTML.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "selected"]);

/**
 * An element. `on…` adds a listener; null, undefined and false leave an attribute or a child out.
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes]
 * @param {...unknown} children nodes, texts, or lists of them
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (PROPERTIES.has(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...present(children));
  return element;
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Redraws an element and puts the focus back on the button at the same place. */
export function keepingFocus(root, draw) {
  const place = focusedButton(root);
  draw(root);
  focusButton(root, place);
}

/** Puts one element in the place of another, and the focus on the button at the same place. */
export function replaceKeepingFocus(before, after) {
  const place = focusedButton(before);
  before.replaceWith(after);
  focusButton(after, place);
}

function focusedButton(root) {
  return [...root.querySelectorAll("button")].indexOf(document.activeElement);
}

function focusButton(root, place) {
  const buttons = root.querySelectorAll("button");
  if (place >= 0) buttons[Math.min(place, buttons.length - 1)]?.focus();
}

/** Makes the children of an element these, in this order, without touching those that are in place. */
export function arrange(root, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...root.childNodes]) if (!wanted.has(child)) child.remove();
  let next = root.firstChild;
  for (const node of nodes) {
    if (node === next) next = node.nextSibling;
    else root.insertBefore(node, next);
  }
}

/** A link to the web, or only its label where the address is not http(s). */
export function webLink(address, label) {
  const url = webAddress(address);
  if (!url) return h("span", {}, label);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, label);
}

/** The address as a URL if it is http(s), else null. */
export function webAddress(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address);
  return url.protocol === "https:" || url.protocol === "http:" ? url : null;
}

/** A small menu beside `anchor` that ends with the next choice, click elsewhere, or Escape. */
export function openMenu(anchor, label, content) {
  closeMenu();
  const menu = h("div", { class: "menu", role: "dialog", "aria-label": label }, content);
  // In an open dialog everything outside of it is inert.
  (anchor.closest("dialog") ?? document.body).append(menu);
  const place = anchor.getBoundingClientRect();
  const left = Math.min(place.left, innerWidth - menu.offsetWidth - 8);
  const below = place.bottom + 4;
  const fits = below + menu.offsetHeight < innerHeight - 8;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${fits ? below : Math.max(8, place.top - menu.offsetHeight - 4)}px`;
  const leave = (event) => {
    if (event.type === "keydown" ? event.key === "Escape" : !menu.contains(event.target)) {
      closeMenu();
      if (event.type === "keydown") anchor.focus();
    }
  };
  // The click that opens the menu must not close it.
  setTimeout(() => document.addEventListener("click", leave));
  document.addEventListener("keydown", leave);
  ending = () => {
    menu.remove();
    document.removeEventListener("click", leave);
    document.removeEventListener("keydown", leave);
  };
  menu.querySelector("button, input")?.focus();
}

let ending = () => {};

/** Closes the menu if one is open. */
export function closeMenu() {
  const end = ending;
  ending = () => {};
  end();
}
