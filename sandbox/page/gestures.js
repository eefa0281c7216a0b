// What the acting person does, and what they are told when it does not work.

import { act, Refused } from "./api.js";
import { fill, h } from "./dom.js";
import { textObject } from "./text.js";

const FAILURES = {
  operation_timeout: "The app did not answer in time. Slack would say: operation_timeout.",
  dispatch_failed: "No app took this. Is the bot running?",
};

/**
 * Does something and tells the person when it was refused or failed.
 * @returns {Promise<object | null>} the answer, null when it did not work
 */
export async function perform(name, args) {
  try {
    const answer = await act(name, args);
    if (answer.error) notify(FAILURES[answer.error] ?? answer.error);
    return answer.error ? null : answer;
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
    notify(error instanceof Refused ? error.message : "The sandbox does not answer. Is it still running?");
    return null;
  }
}

let clearing = 0;

/** Shows a sentence for a while; without one, takes it away. */
export function notify(sentence, seconds = 8) {
  const place = document.getElementById("notice");
  clearTimeout(clearing);
  place.textContent = sentence;
  place.hidden = !sentence;
  if (sentence && Number.isFinite(seconds)) clearing = setTimeout(() => notify(""), seconds * 1000);
}

/** Asks before something is done, with the words of a Block Kit confirmation. */
export function confirmed(words) {
  const dialog = document.getElementById("confirm");
  return new Promise((resolve) => {
    const answer = (value) => () => dialog.close(value);
    fill(
      dialog,
      h("h2", {}, textObject(words.title)),
      h("p", {}, textObject(words.text)),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", onclick: answer("no") }, textObject(words.deny)),
        h(
          "button",
          { type: "button", class: words.style ?? "primary", onclick: answer("yes") },
          textObject(words.confirm),
        ),
      ),
    );
    dialog.returnValue = "no";
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
    dialog.showModal();
  });
}
