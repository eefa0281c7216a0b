// The workshop: see what goes between Slack and the app, break it, and watch nothing get lost.

import { fill, h } from "./dom.js";
import { AppProcess } from "./workshop-app.js";
import { Faults } from "./workshop-faults.js";
import { Guide } from "./workshop-guide.js";
import { Inspector } from "./workshop-inspector.js";
import { button, crossButton } from "./workshop-parts.js";

const TABS = [
  ["inspector", "Inspector"],
  ["faults", "Faults"],
  ["app", "App & time"],
];
const STORE = "workshop";

let parts = null;

/** Builds the workshop into the page. */
export async function startWorkshop() {
  const drawer = document.getElementById("workshop");
  const tools = document.getElementById("topbar-tools");
  const live = h("p", { class: "hidden", role: "status" });
  const announce = (sentence) => (live.textContent = sentence);
  const panels = new Map(TABS.map(([name, label]) => [name, panel(name, label)]));
  const tabs = new Map(TABS.map(([name, label]) => [name, tab(name, label)]));
  const toggle = button("Workshop", null, { id: "open-workshop", "aria-expanded": "false", "aria-controls": "workshop" });
  const appChip = button("", null, { class: "app-state", hidden: true });
  const faultChip = h("span", { class: "fault-chip", role: "group", "aria-label": "Faults in force", hidden: true });
  const guideButton = button("Guide", null, { "aria-expanded": "false", "aria-controls": "guide", hidden: true });
  const guideRoot = h("section", { id: "guide", "aria-label": "Guide", hidden: true });
  const close = crossButton("Close the workshop");

  const show = (name, { focus = false } = {}) => {
    const isOpen = Boolean(name);
    drawer.hidden = !isOpen;
    document.body.classList.toggle("with-workshop", isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    for (const [key, node] of panels) node.hidden = key !== name;
    for (const [key, node] of tabs) {
      node.setAttribute("aria-selected", String(key === name));
      node.tabIndex = key === name ? 0 : -1;
    }
    if (isOpen) drawer.dataset.tab = name;
    localStorage.setItem(STORE, name);
    if (focus) (tabs.get(name) ?? toggle).focus();
    parts?.inspector.drawSoon();
  };
  const onTabKey = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = TABS.map(([name]) => name);
    show(names.at((names.indexOf(drawer.dataset.tab) + step) % names.length), { focus: true });
  };
  toggle.onclick = () => show(drawer.hidden ? (drawer.dataset.tab ?? "inspector") : "", { focus: true });
  close.onclick = () => show("", { focus: true });
  appChip.onclick = () => show("app", { focus: true });
  for (const [name, node] of tabs) node.onclick = () => show(name);
  drawer.addEventListener("keydown", (event) => event.key === "Escape" && show("", { focus: true }));
  fill(
    drawer,
    h("header", {}, h("div", { role: "tablist", "aria-label": "Workshop", onkeydown: onTabKey }, [...tabs.values()]), close),
    [...panels.values()],
  );
  fill(tools, faultChip, appChip, guideButton, toggle);
  document.getElementById("panes").before(guideRoot);
  document.body.append(live);

  parts = {
    inspector: new Inspector(panels.get("inspector"), announce),
    faults: new Faults(panels.get("faults"), faultChip),
    app: new AppProcess(panels.get("app"), appChip, announce),
    guide: new Guide(guideRoot, guideButton, announce),
  };
  document.addEventListener("inspect", ({ detail }) => {
    show("inspector", { focus: true });
    parts.inspector.inspect(detail.ts);
  });
  addEventListener("hashchange", () => parts.guide.arrived());
  show(localStorage.getItem(STORE) ?? "");
  await loadWorkshop();
}

/** Reads anew what the stream may have left out. */
export async function loadWorkshop() {
  await Promise.all([parts.inspector.load(), parts.faults.load(), parts.app.load()]);
  await parts.guide.load(parts.app.app.supervised);
  parts.guide.arrived();
}

const ENTRIES = {
  call: (entry) => {
    parts.inspector.onEntry(entry);
    if (entry.fault) parts.faults.onHit();
  },
  envelope: (entry) => parts.inspector.onEntry(entry),
  violation: (entry) => parts.inspector.onEntry(entry),
  conditions: (entry) => parts.faults.onConditions(entry),
  sockets: (entry) => parts.app.onSockets(entry),
  forgotten: () => parts.inspector.forget(),
  reset: () => loadWorkshop(),
  clock: () => parts.app.tick(),
  app: (entry) => {
    const isNews = entry.supervised !== parts.app.app.supervised;
    parts.app.onApp(entry);
    if (isNews) parts.guide.load(entry.supervised);
  },
};

/** One entry of the stream of everything that happens. */
export function onWorkshopEntry(entry) {
  if (!parts) return;
  ENTRIES[entry.type]?.(entry);
  parts.guide.onEntry(entry);
}

function panel(name, label) {
  return h("div", { id: `panel-${name}`, class: `panel ${name}`, role: "tabpanel", "aria-label": label });
}

function tab(name, label) {
  return button(label, null, { class: "plain", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}` });
}
