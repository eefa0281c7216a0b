// One message, with what can be done to it.

import {drawBlocks} from "./blocks.js";
import {button, choice, copied, h, hint, openMenu, webLink} from "./dom.js";
import {confirmedDanger, holderOf, notify, actAsMe} from "./gestures.js";
import {face, icon, iconButton} from "./icons.js";
import {openPicker} from "./picker.js";
import {handleAt, me, nameOf, state, userOf} from "./state.js";
import {clipped, emojiNode, mrkdwn, plainText, typedOf} from "./text.js";
import {ago, momentOf, timeOf} from "./time.js";

const SYSTEM = /^((channel|group)_(join|leave|name)|tombstone)$/;

// A list item; `continues` if it follows another message of the author's closely
export function drawMessage(message, place, continues) {
	const item = {"data-ts": message.ts, tabindex: -1};
	if (SYSTEM.test(message.subtype)) return h("li.message.system", item, mrkdwn(message.text), " ", timeNode(message));
	const author = authorOf(message);
	const {ephemeral} = message;
	return h(
		`li.message${ephemeral ? ".ephemeral" : ""}${continues ? ".continued" : ""}`,
		{...item, "aria-label": `${author.name}, ${timeOf(message.ts)}`},
		author.emoji
			? h("span.avatar", {"aria-hidden": "true"}, emojiNode(author.emoji))
			: face(author.handle, 36, {class: "avatar"}),
		h(
			"div.content",
			message.subtype === "thread_broadcast" && !place.inThread && drawOrigin(message, place),
			ephemeral && hint("Only visible to you"),
			h("p.byline", h("strong", author.name), author.isApp && h("span.badge", "App"), timeNode(message)),
			isEdited(message, place) ? editForm(message, place) : drawBody(message, place),
			message.reactions?.length > 0 && drawReactions(message, place),
			message.reply_count > 0 && !place.inThread && drawThreadLink(message, place)
		),
		h("div.toolbar", ephemeral ? iconButton("close", "Dismiss", dismissing(message, place)) : tools(message, place))
	);
}

// Of a reply that was sent to the channel as well
function drawOrigin(message, place) {
	return hint("replied to ", button("a thread", () => place.openThread(message.thread_ts), {class: "plain link"}));
}

function authorOf(message) {
	const user = state.users.get(message.user);
	const isApp = Boolean(message.ephemeral || message.bot_id || message.app_id || user?.is_bot);
	const {username: name, icons} = message;
	if (!name) return {name: nameOf(message.user), isApp, handle: user?.name ?? "slackbot"};
	const handle = handleAt(icons?.image_48 ?? icons?.image_64) ?? handleOf(name);
	return {name, isApp, emoji: icons?.emoji?.replaceAll(":", ""), handle};
}

// The handle of somebody of that name, so that a relayed message shows their face
function handleOf(name) {
	const isMeant = user => [user.profile.display_name, user.real_name].includes(name);
	return [...state.users.values()].find(isMeant)?.name ?? name;
}

const timeNode = ({ts, edited}) => h("time", {title: momentOf(ts)}, timeOf(ts), edited ? " (edited)" : "");

const targetOf = (message, place) => ({channel: place.channel, ts: message.ts});

function drawBody(message, place) {
	const holder = holderOf(targetOf(message, place));
	const {blocks, attachments = [], files = [], text} = message;
	return h(
		"div.text",
		blocks?.length ? drawBlocks(blocks, holder) : text && h("p", mrkdwn(clipped(text))),
		attachments.map(attachment => drawAttachment(attachment, holder)),
		files.map(drawFile)
	);
}

const COLOURS = {good: "#2f8f5b", warning: "#c98a1b", danger: "#b3414c"};

function drawAttachment(attachment, holder) {
	const {color = "", pretext} = attachment;
	const bar = h("div.attachment", drawAttached(attachment, holder));
	const colour = COLOURS[color] ?? `#${color.replace("#", "")}`;
	if (/^#[0-9a-f]{6}$/i.test(colour)) bar.style.borderColor = colour;
	return [pretext && h("p", mrkdwn(pretext)), bar];
}

function drawAttached(attachment, holder) {
	if (attachment.blocks?.length) return drawBlocks(attachment.blocks, holder);
	const {author_name: author, title, title_link: address, fallback, fields = [], footer} = attachment;
	const text = attachment.text ?? (title ? "" : fallback);
	return [
		author && hint(plainText(author)),
		title && h("p", h("strong", address ? webLink(address, plainText(title)) : plainText(title))),
		text && h("p", mrkdwn(clipped(text))),
		fields.map(field => h("p", h("strong", plainText(field.title)), " ", mrkdwn(field.value))),
		footer && hint(plainText(footer))
	];
}

// Pictures are shown, and open in full; everything else can be kept
function drawFile(file) {
	const name = file.title || file.name;
	const address = `/files/${encodeURIComponent(file.id)}/`;
	if (!/^image\/(png|jpeg|gif)$/.test(file.mimetype))
		return h("a.file", {href: `${address}download`, download: file.name}, icon("file"), " ", name);
	const picture = h("img.picture", {src: `${address}picture`, alt: file.alt_txt || name, loading: "lazy"});
	return h("a", {href: `${address}picture`, target: "_blank"}, picture);
}

let edited = "";

const editKey = (message, place) => `${state.me} ${place.channel} ${message.ts} ${place.inThread}`;

const isEdited = (message, place) => edited === editKey(message, place);

export function edit(message, place) {
	edited = editKey(message, place);
	place.redraw();
}

function editForm(message, place) {
	const field = h("textarea", {rows: 2, "aria-label": "Edit message", value: typedOf(message.text)});
	const end = () => {
		edited = "";
		place.redraw();
		place.focusComposer();
	};
	const save = async event => {
		event.preventDefault();
		const text = field.value;
		if (text.trim() && (await actAsMe("edit", {...targetOf(message, place), text}))) end();
	};
	field.addEventListener("keydown", event => {
		event.stopPropagation();
		if (event.key === "Escape") end();
		if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(event);
	});
	setTimeout(() => field.focus());
	return h(
		"form.editing",
		{onsubmit: save},
		field,
		button("Cancel", end),
		h("button.primary", {type: "submit"}, "Save")
	);
}

function drawReactions(message, place) {
	const pills = message.reactions.map(({name, users, count}) => {
		const mine = users.includes(state.me);
		return button([emojiNode(name), ` ${count}`], () => react(message, place, name, mine), {
			class: "reaction",
			"aria-pressed": String(mine),
			title: `${users.map(nameOf).join(", ")}: ${name}`
		});
	});
	return h("div.reactions", pills);
}

function react(message, place, emoji, isThere) {
	return actAsMe(isThere ? "unreact" : "react", {...targetOf(message, place), emoji});
}

function tools(message, place) {
	const pick = ({currentTarget}) => openPicker(currentTarget, name => react(message, place, name));
	return [
		iconButton("smile", "Add a reaction", pick),
		!place.inThread && iconButton("reply", "Reply in thread", () => place.openThread(message.thread_ts ?? message.ts)),
		iconButton("more", "More", ({currentTarget}) => openMore(currentTarget, message, place))
	];
}

function openMore(anchor, message, place) {
	const target = targetOf(message, place);
	const isMine = message.user === state.me;
	openMenu(
		anchor,
		"More",
		state.app.shortcuts
			.filter(({type}) => type === "message")
			.map(({name, callback_id}) => choice(name, () => actAsMe("shortcut", {...target, callback_id}))),
		choice("Copy link", () => copyLink(message, place)),
		choice("Inspect", () => document.dispatchEvent(new CustomEvent("inspect", {detail: message}))),
		isMine && choice("Edit message", () => edit(message, place)),
		(isMine || me()?.is_admin) && choice("Delete message", () => remove(target))
	);
}

async function copyLink({ts, thread_ts}, {channel}) {
	const thread = thread_ts && thread_ts !== ts ? `?thread_ts=${thread_ts}` : "";
	const link = `${state.team.url.replace(/\/$/, "")}/archives/${channel}/p${ts.replace(".", "")}${thread}`;
	if (await copied(link)) notify("The link is copied.", 3);
	else notify(link, 20);
}

async function remove(target) {
	if (await confirmedDanger("Delete this message?", "Nobody will see it any more.", "Delete"))
		await actAsMe("delete", target);
}

const dismissed = new Set();

const dismissalOf = (message, channel) => `${state.me} ${channel} ${message.ts}`;

function dismissing(message, place) {
	return () => {
		dismissed.add(dismissalOf(message, place.channel));
		place.redraw();
		place.focusComposer();
	};
}

export const isDismissed = (message, channel) => dismissed.has(dismissalOf(message, channel));

function drawThreadLink(message, place) {
	const last = message.latest_reply;
	const people = new Set(message.reply_users.map(id => userOf(id)?.id ?? id));
	const faces = [...people].map(id => face(userOf(id)?.name ?? "slackbot", 20, {alt: nameOf(id), title: nameOf(id)}));
	return h(
		"button.plain.replies",
		{onclick: () => place.openThread(message.ts)},
		faces,
		h("strong", counted(message.reply_count, "reply", "replies")),
		h("time", {title: momentOf(last), "data-last": last}, lastReply(last))
	);
}

// `1 reply`, `2 replies`
export const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

const lastReply = seconds => `Last reply ${ago(seconds)}`;

export function refreshAges() {
	for (const time of document.querySelectorAll("time[data-last]")) time.textContent = lastReply(time.dataset.last);
}

const signatures = new WeakMap();

// Everything that decides how a message looks, besides time passing
export function signatureOf(message, place, continues) {
	if (!signatures.has(message)) signatures.set(message, JSON.stringify(message));
	return `${state.me} ${isEdited(message, place)} ${continues} ${signatures.get(message)}`;
}
