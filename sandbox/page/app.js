// The page: one workspace, seen as one of its people. The address says who and where: #ana/C123/1700000000.000100
// is a thread; a fourth part is a message to jump to.

import {listen, readEmoji} from "./api.js";
import {closeMenu, keepingFocus} from "./dom.js";
import {notify} from "./gestures.js";
import {refreshModal} from "./modal.js";
import {refreshAges} from "./messages.js";
import {HOME, Pane} from "./pane.js";
import {drawClock, drawPeople, drawSidebar, tick} from "./sidebar.js";
import {canSee, loadWorkspace, markRead, markUnread, me, noteArrival, openConversation} from "./state.js";
import {people, state, visibleChannels} from "./state.js";
import {setEmoji} from "./text.js";
import {loadWorkshop, onWorkshopEntry, startWorkshop} from "./workshop.js";

const place = id => document.getElementById(id);

const channelPane = new Pane(place("channel"), {inThread: false, openThread});
const threadPane = new Pane(place("thread"), {inThread: true, openThread, close: closeThread});
const newest = new Map();

// Changes who we are or what is open; the address follows, and drawing follows the address
function go({person = state.me, channel = state.channel, thread = ""}) {
	const handle = state.users.get(person)?.name;
	const wanted = `#${[handle, channel, thread].filter(Boolean).join("/")}`;
	if (wanted === location.hash) return arrive();
	location.hash = wanted;
	return new Promise(resolve => addEventListener("hashchange", resolve, {once: true}));
}

async function openThread(thread) {
	await go({thread});
	threadPane.focusComposer();
}

// The focus goes back to the message that the thread belongs to
function closeThread() {
	const {thread} = state;
	go({});
	channelPane.find(thread)?.focus();
}

function choosePerson(person) {
	const found = [state.lastChannel.get(person), state.channel].find(id => id && canSee(person, id));
	go({person, channel: found ?? firstChannel(person)});
}

const firstChannel = person => visibleChannels(person).rooms[0]?.id ?? "";

function placeFromAddress() {
	const [handle, wanted, thread = "", message = ""] = decodeURIComponent(location.hash.slice(1)).split("/");
	const everyone = people();
	const person = (everyone.find(user => user.name === handle) ?? everyone[0])?.id ?? "";
	const found = [...state.channels.values()].find(({id, name}) => wanted && [id, name].includes(wanted))?.id;
	if (!found || !canSee(person, found)) return {person, channel: firstChannel(person), thread: "", message};
	return {person, channel: found, thread, message};
}

async function arrive() {
	const {person, channel, thread, message} = placeFromAddress();
	const isHome = thread === HOME;
	const inThread = Boolean(thread) && !isHome;
	const moved = person !== state.me || channel !== state.channel || isHome !== (state.thread === HOME);
	const threaded = moved || thread !== state.thread;
	Object.assign(state, {me: person, channel, thread});
	if (moved) noteArrival(person, channel);
	state.lastChannel.set(person, channel);
	markRead(person, channel);
	closeMenu();
	showSidebar(false);
	drawAround();
	if (moved) place("people").querySelector("[aria-pressed=true]")?.scrollIntoView({block: "nearest"});
	place("thread").hidden = !inThread;
	await Promise.all([
		moved && channelPane.show(channel, isHome ? HOME : ""),
		threaded && threadPane.show(inThread ? channel : "", inThread ? thread : ""),
		refreshModal()
	]);
	if (message) await jump(message, inThread ? threadPane : channelPane);
}

// Goes there once: what happens afterwards must not lead back to it
async function jump(message, pane) {
	history.replaceState(null, "", location.hash.split("/").slice(0, 3).join("/").replace(/\/$/, ""));
	if (!(await pane.jump(message))) notify("That message is not here any more.");
}

function drawAround() {
	place("team").textContent = state.team.name;
	const title = state.channels.get(state.channel)?.name;
	document.title = [me()?.profile.display_name, title, state.team.name].filter(Boolean).join(" · ");
	const open = channel => go({channel});
	const write = async other => open(await openConversation(state.me, other));
	keepingFocus(place("people"), root => drawPeople(root, choosePerson));
	keepingFocus(place("sidebar"), root => drawSidebar(root, open, write));
	keepingFocus(place("clock"), drawClock);
}

const hasSidebar = () => document.body.classList.contains("with-sidebar");

// On a phone it lies over the conversation; what closes it leads back to the button
function showSidebar(isOpen) {
	const isLeft = hasSidebar() && !isOpen && place("sidebar").contains(document.activeElement);
	document.body.classList.toggle("with-sidebar", isOpen);
	place("open-sidebar").setAttribute("aria-expanded", String(isOpen));
	if (isLeft) place("open-sidebar").focus();
}

const due = new Set();

// Does each kind of work once for many entries that come together
function soon(work) {
	if (due.size === 0) setTimeout(catchUp, 60);
	due.add(work);
}

async function catchUp() {
	const work = [...due];
	due.clear();
	if (work.includes(everything)) await everything();
	else for (const part of work) await part();
}

const openPanes = () => (state.thread && state.thread !== HOME ? [channelPane, threadPane] : [channelPane]);
const messages = () => Promise.all(openPanes().map(pane => pane.refresh()));

// Names and faces in messages may have changed, too
async function workspace() {
	await loadWorkspace();
	const {person, channel} = placeFromAddress();
	if (person !== state.me || channel !== state.channel) return everything();
	drawAround();
	await renew();
}

const renew = () => Promise.all(openPanes().map(pane => pane.renew()));

async function everything() {
	await loadWorkspace();
	state.channel = "";
	await arrive();
}

const ENTRIES = {
	message: ({channel, message}) => {
		noteNews(channel, message);
		channelPane.hear(channel, message.ts, message.thread_ts);
		soon(messages);
	},
	message_deleted: ({channel, ts}) => {
		channelPane.hear(channel, ts);
		soon(messages);
	},
	ephemeral: ({user, channel}) => {
		if (user !== state.me || channel !== state.channel) {
			markUnread(user, channel);
			soon(drawAround);
		}
		soon(messages);
	},
	views: ({user}) => {
		if (user !== state.me) return;
		soon(refreshModal);
		if (state.thread === HOME) soon(messages);
	},
	workspace: () => soon(workspace),
	reset: () => soon(everything),
	clock: ({offset}) => {
		state.offset = offset;
		soon(drawAround);
		soon(renew);
	}
};

function onEntry(entry) {
	ENTRIES[entry.type]?.(entry);
	onWorkshopEntry(entry);
}

async function noteNews(channel, {ts, user, text}) {
	if (!state.channels.has(channel)) await loadWorkspace();
	const isNew = Number(ts) > (newest.get(channel) ?? 0);
	if (!isNew || !state.channels.has(channel)) return;
	newest.set(channel, Number(ts));
	for (const member of state.channels.get(channel).members) {
		const isSeen = member === state.me && channel === state.channel;
		if (member !== user && !isSeen) markUnread(member, channel, text);
	}
	soon(drawAround);
}

let wasDown = false;

function onConnection(isUp) {
	if (!isUp) notify("The sandbox does not answer. Waiting for it to come back.", Infinity);
	else if (wasDown) {
		notify("");
		soon(everything);
		loadWorkshop();
	}
	wasDown = !isUp;
}

async function start() {
	const [emoji] = await Promise.all([readEmoji(), live().then(loadWorkspace)]);
	setEmoji(emoji);
	addEventListener("hashchange", arrive);
	place("open-sidebar").onclick = () => showSidebar(!hasSidebar());
	place("sidebar").addEventListener("keydown", ({key}) => key === "Escape" && showSidebar(false));
	place("thread").addEventListener("keydown", ({key}) => key === "Escape" && closeThread());
	setInterval(() => tick(place("clock")), 5000);
	setInterval(refreshAges, 30_000);
	await arrive();
	await startWorkshop();
}

// Waits for the stream, for a moment: it comes first, or what happens between it and the first look is missed
function live() {
	return new Promise(resolve => {
		setTimeout(resolve, 1000);
		listen(onEntry, isUp => {
			onConnection(isUp);
			if (isUp) resolve();
		});
	});
}

start();
