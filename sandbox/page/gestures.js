// What the acting person does, and what they are told when it does not work.

import {act, Refused} from "./api.js";
import {button, fill, h} from "./dom.js";
import {state} from "./state.js";
import {textObject} from "./text.js";

const FAILURES = {
	operation_timeout: "The app did not answer in time. Slack would say: operation_timeout.",
	dispatch_failed: "No app took this. Is the bot running?"
};

// Does something and gives the answer; null when it was refused or failed, which the person is told
export async function perform(name, args) {
	try {
		const answer = await act(name, args);
		if (!answer.error) return answer;
		notify(FAILURES[answer.error] ?? answer.error);
	} catch (error) {
		if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
		notify(error instanceof Refused ? error.message : "The sandbox does not answer. Is it still running?");
	}
	return null;
}

export const actAsMe = (name, args) => perform(name, {user: state.me, ...args});

// What blocks need in order to act, for a message or a view; see blocks.js
export function holderOf(where) {
	return {
		confirm: confirmed,
		act: (element, value) => actAsMe("click", {...where, element, value}),
		suggest: (element, query) => actAsMe("suggest", {...where, element, query})
	};
}

let clearing = 0;

export function notify(sentence, seconds = 8) {
	const place = document.getElementById("notice");
	clearTimeout(clearing);
	place.textContent = sentence;
	place.hidden = !sentence;
	if (sentence && Number.isFinite(seconds)) clearing = setTimeout(() => notify(""), seconds * 1000);
}

// Asks before something is done, with the words of a Block Kit confirmation
export function confirmed({title, text, confirm, deny, style = "primary"}) {
	const dialog = document.getElementById("confirm");
	const answer = (words, value, attributes) => button(textObject(words), () => dialog.close(value), attributes);
	fill(
		dialog,
		h("h2", {id: "confirm-title"}, textObject(title)),
		h("p", textObject(text)),
		h("div.actions", answer(deny, "no"), answer(confirm, "yes", {class: style}))
	);
	dialog.returnValue = "no";
	dialog.showModal();
	// The event of an earlier closing may come while the next question is asked
	return new Promise(resolve => (dialog.onclose = () => dialog.open || resolve(dialog.returnValue === "yes")));
}

export function confirmedDanger(title, text, confirm) {
	const [words, ask, yes, deny] = [title, text, confirm, "Keep it"].map(text => ({text}));
	return confirmed({title: words, text: ask, confirm: yes, deny, style: "danger"});
}
