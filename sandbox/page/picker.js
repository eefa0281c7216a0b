// The emoji picker: those used last, and all others by name.

import { closeMenu, fill, h, openMenu } from "./dom.js";
import { emojiCharacter, emojiNames } from "./text.js";

const USUAL = ["ticket", "eyes", "white_check_mark", "hourglass", "rotating_light", "shushing_face", "+1", "heart", "tada"];
const MOST = 56;
let recent = [...USUAL];

/**
 * Opens the picker beside an element.
 * @param {HTMLElement} anchor
 * @param {(name: string) => void} pick
 */
export function openPicker(anchor, pick) {
  const choose = (name) => {
    recent = [name, ...recent.filter((known) => known !== name)].slice(0, 18);
    closeMenu();
    pick(name);
  };
  const grid = h("div", { class: "picks" });
  const search = h("input", { type: "search", placeholder: "Search emoji", "aria-label": "Search emoji" });
  const found = () => {
    const wanted = search.value.trim().replaceAll(":", "").toLowerCase().replaceAll(" ", "_");
    return wanted ? emojiNames(wanted, MOST) : recent;
  };
  const draw = () => {
    const names = found();
    fill(
      grid,
      names.map((name) => pickButton(name, choose)),
      names.length ? null : h("p", { class: "hint" }, "No emoji of that name."),
    );
  };
  const takeFirst = (event) => {
    event.preventDefault();
    const [first] = found();
    if (first) choose(first);
  };
  search.addEventListener("input", draw);
  draw();
  openMenu(anchor, "Add a reaction", [h("form", { onsubmit: takeFirst }, search), grid]);
  search.focus();
}

function pickButton(name, choose) {
  return h(
    "button",
    {
      type: "button",
      class: "plain",
      title: `:${name}:`,
      "aria-label": name.replaceAll("_", " "),
      onclick: () => choose(name),
    },
    emojiCharacter(name) ?? `:${name}:`,
  );
}
