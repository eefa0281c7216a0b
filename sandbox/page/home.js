// The app's Home tab, as the app published it for the acting person.

import { read } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { confirmed, perform } from "./gestures.js";
import { state } from "./state.js";

/** Tells the app that somebody looks, as Slack does. */
export function openHome(tab) {
  return perform("open_home", { user: state.me, tab });
}

/** The blocks of the Home tab. */
export async function drawHome() {
  const { home } = await read("views", { user: state.me });
  if (!home) {
    return h("p", { class: "empty" }, `${state.app.name} has not put anything here yet.`);
  }
  const holder = {
    confirm: confirmed,
    act: (element, value) => perform("click", { user: state.me, element, value, view_id: home.id }),
    suggest: (element, query) => perform("suggest", { user: state.me, element, query, view_id: home.id }),
  };
  return h("div", { class: "home text" }, drawBlocks(home.blocks, holder));
}
