// What the composer offers while one types: commands, people, channels and emoji.

import { fill, h } from "./dom.js";
import { nameOf, people, pictureOf, state, visibleChannels } from "./state.js";
import { emojiCharacter, emojiNames } from "./text.js";

const MOST = 8;
let lists = 0;

/**
 * Offers completions for a field. Arrow keys choose, Enter or Tab takes, Escape puts the list away.
 * @param {HTMLTextAreaElement} field
 * @param {{thread: string}} place
 * @returns {{list: HTMLElement, isOpen: () => boolean}} the list, to be put beside the field
 */
export function completing(field, place) {
  const id = `completion-${(lists += 1)}`;
  const list = h("ul", { id, class: "completion", role: "listbox", "aria-label": "Suggestions", hidden: true });
  let offers = [];
  let chosen = 0;

  const close = () => {
    offers = [];
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  };
  const draw = () => {
    list.hidden = !offers.length;
    fill(
      list,
      offers.map((offer, number) =>
        h(
          "li",
          {
            id: `${id}-${number}`,
            role: "option",
            "aria-selected": String(number === chosen),
            onmousedown: (event) => {
              event.preventDefault();
              take(number);
            },
          },
          offer.picture ? h("img", { src: offer.picture, alt: "", width: 20, height: 20 }) : null,
          h("span", {}, offer.label),
          offer.hint ? h("span", { class: "hint" }, offer.hint) : null,
        ),
      ),
    );
    if (offers.length) field.setAttribute("aria-activedescendant", `${id}-${chosen}`);
    else field.removeAttribute("aria-activedescendant");
  };
  const look = () => {
    offers = offersFor(field.value.slice(0, field.selectionStart), place).slice(0, MOST);
    chosen = 0;
    draw();
  };
  const take = (number) => {
    const { from, text } = offers[number];
    const rest = field.value.slice(field.selectionStart);
    field.value = `${field.value.slice(0, from)}${text}${rest}`;
    field.selectionStart = field.selectionEnd = from + text.length;
    close();
    field.dispatchEvent(new Event("input"));
  };
  const MOVES = { ArrowDown: 1, ArrowUp: -1 };
  field.addEventListener("input", look);
  field.addEventListener("blur", close);
  field.addEventListener(
    "keydown",
    (event) => {
      if (!offers.length || event.isComposing) return;
      if (event.key in MOVES) chosen = (chosen + MOVES[event.key] + offers.length) % offers.length;
      else if (event.key === "Enter" || event.key === "Tab") {
        if (event.shiftKey) return;
        take(chosen);
      } else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (offers.length) draw();
    },
    true,
  );
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);
  return { list, isOpen: () => offers.length > 0 };
}

/** What fits the words before the caret. */
function offersFor(before, place) {
  const command = /^\/\S*$/.exec(before);
  if (command && !place.thread) return commands(before);
  const typed = /(?:^|\s)([@#:])([\p{L}\d_.+'-]*)$/u.exec(before);
  if (!typed) return [];
  const [, mark, word] = typed;
  const from = before.length - word.length - 1;
  const wanted = word.toLowerCase();
  if (mark === "@") return mentions(wanted, from);
  if (mark === "#") return channels(wanted, from);
  return word.length < 2 ? [] : emoji(wanted, from);
}

function commands(before) {
  return state.app.commands
    .filter((known) => known.command.startsWith(before) && known.command !== before)
    .map((known) => ({
      from: 0,
      text: `${known.command} `,
      label: [known.command, known.usage_hint].filter(Boolean).join(" "),
      hint: known.description,
    }));
}

function mentions(wanted, from) {
  const bot = state.users.get(state.app.bot_user);
  const everyone = [...people(), ...(bot ? [bot] : [])];
  const fits = (user) =>
    [user.name, user.real_name, nameOf(user.id)].some((name) => name?.toLowerCase().startsWith(wanted));
  const groups = [...state.usergroups.values()]
    .filter((group) => group.handle.startsWith(wanted))
    .map((group) => ({ from, text: `@${group.handle} `, label: `@${group.handle}`, hint: group.name }));
  return [
    ...everyone.filter(fits).map((user) => ({
      from,
      text: `@${user.name} `,
      label: nameOf(user.id),
      hint: user.real_name,
      picture: pictureOf(user.name),
    })),
    ...groups,
  ];
}

function channels(wanted, from) {
  return visibleChannels(state.me)
    .rooms.filter((channel) => channel.name.startsWith(wanted))
    .map((channel) => ({ from, text: `#${channel.name} `, label: `#${channel.name}`, hint: channel.topic?.value }));
}

function emoji(wanted, from) {
  return emojiNames(wanted).map((name) => ({
    from,
    text: `:${name}: `,
    label: `${emojiCharacter(name)} :${name}:`,
  }));
}
