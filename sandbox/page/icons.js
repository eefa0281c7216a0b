// Signs of the page itself, drawn (an emoji font is not on every machine), and faces.

import {button, h} from "./dom.js";
import {pictureOf} from "./state.js";

const SPACE = "http://www.w3.org/2000/svg";
const PATHS = {
	lock: "M4.5 7V5a3.5 3.5 0 0 1 7 0v2M3.5 7h9v6.5h-9z",
	clip: "M11.5 6.5 7 11a1.8 1.8 0 0 1-2.6-2.6l5-5a2.8 2.8 0 0 1 4 4l-5.2 5.2a4 4 0 0 1-5.7-5.7L7 2.5",
	bolt: "M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z",
	smile: "M8 1.7a6.3 6.3 0 1 0 0 12.6A6.3 6.3 0 0 0 8 1.7M5.8 6.3v.4M10.2 6.3v.4M5 9.5c1.5 2.2 4.5 2.2 6 0",
	reply: "M6.5 3 2.5 7l4 4M2.5 7H10a3.5 3.5 0 0 1 3.5 3.5V13",
	more: "M3.4 8h.1M8 8h.1M12.6 8h.1",
	close: "m4 4 8 8M12 4l-8 8",
	plus: "M8 3v10M3 8h10",
	file: "M4 1.5h5l3.5 3.5v9.5H4zM9 1.5V5h3.5"
};

// A sign of the size of the letters around it; what it means is said beside it
export function icon(name) {
	const svg = document.createElementNS(SPACE, "svg");
	const path = document.createElementNS(SPACE, "path");
	svg.setAttribute("viewBox", "0 0 16 16");
	svg.setAttribute("class", `icon ${name}`);
	svg.setAttribute("aria-hidden", "true");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}

export function iconButton(sign, label, onclick) {
	return button(icon(sign), onclick, {class: "plain", "aria-label": label, title: label});
}

export function face(handle, size = 20, attributes = {}) {
	return h("img", {src: pictureOf(handle), alt: "", width: size, height: size, loading: "lazy", ...attributes});
}
