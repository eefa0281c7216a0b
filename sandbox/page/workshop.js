// The workshop: see what goes between Slack and the app, break it, and watch nothing get lost.

import {button, fill, h, recall, remember} from "./dom.js";
import {iconButton} from "./icons.js";
import {AppProcess} from "./workshop-app.js";
import {Faults} from "./workshop-faults.js";
import {Guide} from "./workshop-guide.js";
import {Inspector} from "./workshop-inspector.js";
import {readWords} from "./workshop-words.js";

const TABS = Object.entries({inspector: "Inspector", faults: "Faults", app: "App & time"});
const STORE = "workshop";

let parts = null;
// What comes while something is read is newer than what is read
const late = [];
let readings = 0;

export async function startWorkshop() {
	const groups = await readWords();
	const drawer = document.getElementById("workshop");
	const live = h("p.hidden", {role: "status"});
	const announce = sentence => (live.textContent = sentence);
	const panels = new Map(TABS.map(([name, label]) => [name, panel(name, label)]));
	const tabs = new Map(TABS.map(([name, label]) => [name, tab(name, label, () => show(name))]));
	const toggle = button("Workshop", () => show(drawer.hidden ? (drawer.dataset.tab ?? "inspector") : "", true), {
		id: "open-workshop",
		"aria-expanded": "false",
		"aria-controls": "workshop"
	});
	const appChip = h("button.app-state", {hidden: true, onclick: () => show("app", true)});
	const faultChip = h("span.fault-chip", {role: "group", "aria-label": "Faults in force", hidden: true});
	const guideButton = h("button", {"aria-expanded": "false", "aria-controls": "guide", hidden: true}, "Guide");
	const guideRoot = h("section", {id: "guide", "aria-label": "Guide", hidden: true});

	const show = async (name, isFocused) => {
		drawer.hidden = !name;
		toggle.setAttribute("aria-expanded", String(!drawer.hidden));
		for (const [key, node] of panels) node.hidden = key !== name;
		for (const [key, node] of tabs) {
			node.setAttribute("aria-selected", String(key === name));
			node.tabIndex = key === name ? 0 : -1;
		}
		if (name) drawer.dataset.tab = name;
		remember(STORE, name);
		if (isFocused) (tabs.get(name) ?? toggle).focus();
		await (parts && reading(parts.inspector.look()));
	};
	const close = () => show("", true);
	const onTabKey = event => {
		const step = {ArrowRight: 1, ArrowLeft: -1}[event.key];
		const names = [...tabs.keys()];
		if (step) show(names.at((names.indexOf(drawer.dataset.tab) + step) % names.length), true);
	};
	drawer.addEventListener("keydown", event => event.key === "Escape" && close());
	fill(
		drawer,
		h(
			"header",
			h("div", {role: "tablist", "aria-label": "Workshop", onkeydown: onTabKey}, ...tabs.values()),
			iconButton("close", "Close the workshop", close)
		),
		...panels.values()
	);
	fill(document.getElementById("topbar-tools"), faultChip, appChip, guideButton, toggle);
	document.getElementById("panes").before(guideRoot);
	document.body.append(live);

	show(recall(STORE) ?? "");
	parts = {
		inspector: new Inspector(panels.get("inspector"), announce),
		faults: new Faults(panels.get("faults"), faultChip, groups),
		app: new AppProcess(panels.get("app"), appChip, announce),
		guide: new Guide(guideRoot, guideButton, announce)
	};
	document.addEventListener("inspect", async ({detail: {ts}}) => {
		await show("inspector", true);
		parts.inspector.inspect(ts);
	});
	addEventListener("hashchange", () => parts.guide.arrived());
	await loadWorkshop();
}

export async function loadWorkshop() {
	const {inspector, faults, app, guide} = parts;
	inspector.isLoaded = false;
	await reading(inspector.look(), faults.load(), app.load());
	await guide.load(app.app.supervised);
}

async function reading(...work) {
	readings += 1;
	await Promise.all(work).finally(() => (readings -= 1));
	if (!readings) late.splice(0).forEach(onWorkshopEntry);
}

const inspect = entry => parts.inspector.onEntry(entry);

const ENTRIES = {
	call: entry => {
		inspect(entry);
		if (entry.fault) parts.faults.onHit();
	},
	envelope: inspect,
	violation: inspect,
	conditions: entry => parts.faults.onConditions(entry),
	sockets: entry => parts.app.onSockets(entry),
	forgotten: () => parts.inspector.forget(),
	reset: () => loadWorkshop(),
	clock: () => parts.app.tick(),
	app: entry => {
		const isNews = entry.supervised !== parts.app.app.supervised;
		parts.app.onApp(entry);
		if (isNews) parts.guide.load(entry.supervised);
	}
};

export function onWorkshopEntry(entry) {
	if (!parts) return;
	if (readings) return late.push(entry);
	ENTRIES[entry.type]?.(entry);
	parts.guide.onEntry(entry);
}

const panel = (name, label) => h(`div.panel.${name}`, {id: `panel-${name}`, role: "tabpanel", "aria-label": label});

function tab(name, label, onclick) {
	return h("button.plain", {onclick, role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`}, label);
}
