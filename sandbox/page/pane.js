// A list of messages with a field to write: a channel, or one thread of it; or the app's Home tab.

import {read} from "./api.js";
import {drawBlocks} from "./blocks.js";
import {drawComposer} from "./composer.js";
import {arrange, button, fill, h, hint, keepingFocus, replaceKeepingFocus} from "./dom.js";
import {holderOf, actAsMe} from "./gestures.js";
import {History} from "./history.js";
import {icon, iconButton} from "./icons.js";
import {counted, drawMessage, edit, isDismissed, signatureOf} from "./messages.js";
import {isMember, me, nameOf, newsIn, state, titleOf} from "./state.js";
import {dayOf} from "./time.js";

// Seconds within which an author's next message needs no face and name of its own
const TOGETHER = 300;
// Items of a list that are laid out together, or not at all while they are out of sight
const PART = 50;
const LINE = "a line between messages";
export const HOME = "home";

export class Pane {
	constructor(root, ways) {
		this.ways = ways;
		this.channel = "";
		this.thread = "";
		this.turn = 0;
		this.heading = h("header");
		this.list = h("div.messages");
		this.top = h("ol.part");
		this.scroller = h("div.scroller", {role: "log", "aria-label": "Messages", tabindex: 0}, this.list);
		this.footer = h("footer");
		this.history = new History("", "");
		this.isHome = false;
		this.ephemerals = [];
		// Whether the newest message is in sight, and has to stay there when what is drawn grows
		this.isAtEnd = true;
		this.lastTop = 0;
		this.drawn = new Map();
		// By this everything is drawn anew: it is another time of day, or people have other names
		this.epoch = 0;
		this.scroller.addEventListener("scroll", () => this.follow());
		// Messages take their real height only when they come into sight, pictures when they have come.
		const keepUp = new ResizeObserver(() => this.toEnd());
		keepUp.observe(this.scroller);
		keepUp.observe(this.list);
		this.scroller.addEventListener("keydown", event => this.walk(event));
		fill(root, this.heading, this.scroller, this.footer);
	}

	// Arrow keys go into the list, at its end, and from message to message; Enter opens the thread
	walk(event) {
		const item = event.target;
		const isList = item === this.scroller;
		if (!isList && !item.matches("li.message")) return;
		const items = [...this.list.querySelectorAll("li.message")];
		const step = {ArrowDown: 1, ArrowUp: -1}[event.key];
		const next = isList ? step === -1 && items.at(-1) : step && items[items.indexOf(item) + step];
		if (event.key === "Enter" && !isList && !this.thread) this.ways.openThread(item.dataset.ts);
		else if (!next) return;
		else next.focus();
		event.preventDefault();
	}

	// Only who scrolls up leaves the end: it also moves away when something opens beside it
	follow() {
		const {scrollHeight, scrollTop, clientHeight} = this.scroller;
		if (scrollHeight - scrollTop - clientHeight < 80) this.isAtEnd = true;
		else if (scrollTop < this.lastTop) this.isAtEnd = false;
		this.lastTop = scrollTop;
		this.reachBack();
	}

	toEnd() {
		if (this.isAtEnd && !this.isHome) this.scroller.scrollTop = this.scroller.scrollHeight;
	}

	async reachBack() {
		const {history, scroller} = this;
		if (!history.hasMore || history.going || scroller.scrollTop > 200) return;
		const before = scroller.scrollHeight - scroller.scrollTop;
		await history.goBack();
		this.draw();
		scroller.scrollTop = scroller.scrollHeight - before;
	}

	hear(channel, ...stamps) {
		if (channel === this.channel) stamps.filter(Boolean).forEach(ts => this.history.note(ts));
	}

	// Shows a channel, a thread of it, or (`HOME`) the app's Home tab, as the acting person sees it
	async show(channel, thread = "") {
		this.channel = channel;
		this.isHome = thread === HOME;
		this.thread = this.isHome ? "" : thread;
		this.history = new History(channel, this.thread);
		this.since = newsIn(state.me, channel).since;
		this.ephemerals = [];
		this.drawn = new Map();
		fill(this.list);
		this.drawHeading();
		this.drawFooter();
		if (this.isApp()) actAsMe("open_home", {tab: this.isHome ? "home" : "messages"});
		await this.refresh({toEnd: !this.isHome});
	}

	async refresh({toEnd = false} = {}) {
		if (!this.channel) return;
		const mine = (this.turn += 1);
		if (this.isHome) {
			const {home} = await read("views", {user: state.me});
			if (mine === this.turn) fill(this.list, drawHome(home));
			return;
		}
		const {history} = this;
		const [{ephemerals}] = await Promise.all([
			read("ephemerals", {channel: this.channel, user: state.me}),
			history.refresh()
		]);
		if (mine !== this.turn || history !== this.history) return;
		const author = ({source}) => (source === "slackbot" ? "USLACKBOT" : state.app.bot_user);
		this.ephemerals = ephemerals.map(item => ({...item, ephemeral: true, user: author(item)}));
		this.isAtEnd ||= toEnd;
		this.draw();
	}

	draw() {
		const {isAtEnd} = this;
		this.drawMessages(this.everything());
		this.isAtEnd = isAtEnd;
		this.toEnd();
	}

	// Reads back until a message is found and puts the focus on it; false if it is not here
	async jump(ts) {
		while (!this.find(ts) && this.history.hasMore) {
			await this.history.goBack();
			this.draw();
		}
		const found = this.find(ts);
		if (!found) return false;
		this.isAtEnd = false;
		this.list.querySelector(".found")?.classList.remove("found");
		found.classList.add("found");
		found.scrollIntoView({block: "center"});
		found.focus({preventScroll: true});
		return true;
	}

	find(ts) {
		return this.list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
	}

	focusComposer() {
		this.footer.querySelector("textarea")?.focus();
	}

	// Whether this is the acting person's conversation with the app, which has tabs
	isApp() {
		const channel = state.channels.get(this.channel);
		return channel?.is_im && channel.members.includes(state.app.bot_user) && !this.ways.inThread;
	}

	everything() {
		const {messages, hasMore} = this.history;
		const first = hasMore ? (messages[0]?.ts ?? "") : "";
		const own = this.ephemerals.filter(
			item => (item.thread_ts || "") === this.thread && item.ts >= first && !isDismissed(item, this.channel)
		);
		return own.length ? [...messages, ...own].sort((one, other) => one.ts - other.ts) : messages;
	}

	drawMessages(messages) {
		const place = {
			channel: this.channel,
			inThread: this.ways.inThread,
			openThread: this.ways.openThread,
			redraw: () => this.refresh(),
			focusComposer: () => this.focusComposer()
		};
		this.place = place;
		this.messages = messages;
		const drawn = new Map();
		let [slot, day, before] = [0, "", null];
		let isMarked = !this.since || Boolean(this.thread);
		for (const message of messages) {
			const [dayBefore, slotBefore] = [day, slot];
			slot = Math.floor(message.ts / 900); // no day begins within a quarter of an hour, in any time zone
			if (slot !== slotBefore) day = dayOf(message.ts);
			if (this.thread && message === messages[1])
				this.keepLine(drawn, "day", counted(messages.length - 1, "reply", "replies"));
			if (day !== dayBefore) this.keepLine(drawn, "day", day);
			const isNew = !isMarked && message.ts > this.since && message.user !== state.me;
			if (isNew) this.keepLine(drawn, "new", "New");
			isMarked ||= isNew;
			const follows = day === dayBefore && !isNew && isSameAuthor(before, message);
			before = message;
			const key = `${message.ts}${message.ephemeral ? " for me" : ""}`;
			this.keep(drawn, key, `${this.epoch} ${signatureOf(message, place, follows)}`, () => drawMessage(message, place, follows));
		}
		if (!messages.length) this.keep(drawn, "empty", LINE, () => h("li.empty", this.beginning()));
		this.drawn = drawn;
		this.arrangeParts([...drawn.values()]);
	}

	keepLine(drawn, kind, words) {
		this.keep(drawn, `${kind} ${words}`, LINE, () => h(`li.${kind}`, words));
	}

	// Takes over what was drawn before where it still shows the same
	keep(drawn, key, signature, draw) {
		const known = this.drawn.get(key);
		if (known?.signature === signature) return drawn.set(key, known);
		const node = draw();
		drawn.set(key, {signature, node, part: known?.part});
		if (known) replaceKeepingFocus(known.node, node);
	}

	// Lines stand in the part before them; messages that are new, too, until it is full
	arrangeParts(items) {
		let last = this.top;
		const parts = new Map([[last, []]]);
		for (const item of items) {
			if (item.signature !== LINE) {
				const isFull = last === this.top || parts.get(last).length >= PART;
				last = item.part ??= isFull ? h("ol.part") : last;
			}
			if (!parts.has(last)) parts.set(last, []);
			parts.get(last).push(item.node);
		}
		arrange(this.list, [...parts.keys()]);
		for (const [part, nodes] of parts) {
			arrange(part, nodes);
			part.style.containIntrinsicHeight = `auto ${nodes.length * 56}px`;
		}
	}

	beginning() {
		const channel = state.channels.get(this.channel);
		const purpose = channel?.purpose?.value;
		return [h("p", h("strong", `This is the very beginning of ${titleOf(channel, state.me)}.`)), h("p", purpose)];
	}

	drawHeading() {
		const channel = state.channels.get(this.channel);
		const title = titleOf(channel, state.me);
		const about = h("span.hint", `in ${title}`);
		if (this.thread)
			return fill(this.heading, h("h2", "Thread ", about), iconButton("close", "Close thread", this.ways.close));
		const others = !channel?.is_im && `${channel?.members.length ?? 0} members`;
		const purpose = channel?.topic?.value || channel?.purpose?.value;
		fill(
			this.heading,
			h("h2", signOf(channel), title),
			this.isApp() ? this.drawTabs(title) : hint([purpose, others].filter(Boolean).join(" · "))
		);
	}

	drawTabs(title) {
		const here = `#${me()?.name}/${this.channel}`;
		const tab = (label, isOpen, href) => h("a", {href, "aria-current": isOpen && "page"}, label);
		return h(
			"nav.tabs",
			{"aria-label": `Tabs of ${title}`},
			state.app.home_tab && tab("Home", this.isHome, `${here}/${HOME}`),
			tab("Messages", !this.isHome, here)
		);
	}

	editLast() {
		const isOwn = ({user, ephemeral, subtype}) => user === state.me && !ephemeral && !subtype;
		const last = this.messages?.findLast(isOwn);
		if (last) edit(last, this.place);
		return Boolean(last);
	}

	// What is typed and where the focus is stay as they are
	async renew() {
		this.epoch += 1;
		keepingFocus(this.heading, () => this.drawHeading());
		if (this.isOutside !== this.isOutsider()) this.drawFooter();
		await this.refresh();
	}

	isOutsider() {
		return state.channels.has(this.channel) && !isMember(state.me, this.channel);
	}

	drawFooter() {
		if (this.isHome) return fill(this.footer);
		this.isOutside = this.isOutsider();
		const {channel, thread} = this;
		const title = titleOf(state.channels.get(channel), state.me);
		const join = button("Join", () => actAsMe("join", {channel}));
		fill(
			this.footer,
			this.isOutside
				? hint(`${nameOf(state.me)} is not in ${title}. `, join)
				: drawComposer({channel, thread, title, editLast: () => this.editLast()})
		);
	}
}

const signOf = channel => channel?.is_private && !channel.is_im && [icon("lock"), " "];

function isSameAuthor(before, message) {
	if (!before || before.ephemeral || message.ephemeral || before.reply_count || before.subtype) return false;
	const isClose = message.ts - before.ts < TOGETHER;
	return isClose && !message.subtype && before.user === message.user && before.username === message.username;
}

// The Home tab as the app published it for the acting person
const drawHome = home =>
	home
		? h("div.home.text", drawBlocks(home.blocks, holderOf({view_id: home.id})))
		: h("p.empty", `${state.app.name} has not put anything here yet.`);
