// The app's Home tab, as the app published it for the acting person.

import {read} from "./api.js";
import {drawBlocks} from "./blocks.js";
import {h} from "./dom.js";
import {holderOf} from "./gestures.js";
import {state} from "./state.js";

export async function drawHome() {
	const {home} = await read("views", {user: state.me});
	if (!home) return h("p.empty", `${state.app.name} has not put anything here yet.`);
	return h("div.home.text", drawBlocks(home.blocks, holderOf({view_id: home.id})));
}
