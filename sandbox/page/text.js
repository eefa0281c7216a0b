// Slack's mrkdwn, plain text and rich text as nodes.

import {h, hint, webAddress, webLink} from "./dom.js";
import {me, nameOf, state} from "./state.js";
import {formatted, momentOf} from "./time.js";

let characters = {};
// Whether a font draws emoji; without one they are shown by name
let isDrawn = true;
let names = new Map();

export function setEmoji(known) {
	characters = known;
	isDrawn = hasEmojiFont();
	if (!isDrawn) names = new Map(Object.entries(known).map(([name, character]) => [character, `:${name}:`]));
}

const legible = text => isDrawn ? text : text.replace(/\p{Extended_Pictographic}\ufe0f?/gu, one => names.get(one) ?? one);

// Without a font for them, all emoji look alike
function hasEmojiFont() {
	const canvas = document.createElement("canvas");
	const brush = canvas.getContext("2d");
	const drawing = character => {
		brush.clearRect(0, 0, canvas.width, canvas.height);
		brush.font = "32px sans-serif";
		brush.fillText(character, 0, 40);
		return canvas.toDataURL();
	};
	return !brush || drawing("\u{1f996}") !== drawing("\u{1f984}");
}

// An emoji by name; one without a character stays a name
export function emojiNode(name) {
	const title = `:${name}:`;
	const label = name.replaceAll("_", " ");
	const character = emojiCharacter(name);
	return character ? h("span.emoji", {role: "img", "aria-label": label, title}, character) : title;
}

// The names of emoji that begin with these letters, the shortest first, then those that contain them
export function emojiNames(wanted, most) {
	const found = Object.keys(characters).filter(name => name.includes(wanted));
	const [begin, contain] = [true, false].map(is => found.filter(name => name.startsWith(wanted) === is));
	begin.sort((one, other) => one.length - other.length);
	return [...begin, ...contain].slice(0, most);
}

// The character of an emoji, with its skin tone; undefined where it has none or cannot be drawn
export function emojiCharacter(name) {
	const [plain, tone] = name.split("::skin-tone-");
	const character = isDrawn ? characters[plain] : undefined;
	return character && tone ? `${character}${String.fromCodePoint(0x1f3f9 + Number(tone))}` : character;
}

// What somebody typed to get this markup: names for ids, characters for entities
export function typedOf(text) {
	const typed = text.replace(/<([^<>\n]+)>/g, (_, token) => {
		const [target, label = ""] = token.split(/\|(.*)/s);
		if (target.startsWith("@")) return `@${state.users.get(target.slice(1))?.name ?? target.slice(1)}`;
		if (target.startsWith("#")) return `#${state.channels.get(target.slice(1))?.name ?? label}`;
		if (target.startsWith("!subteam^")) return `@${state.usergroups.get(target.slice(9))?.handle ?? label}`;
		if (target.startsWith("!date^")) return label;
		return target.startsWith("!") ? `@${target.slice(1)}` : target;
	});
	return withoutEntities(typed);
}

export const textObject = object => object?.type === "mrkdwn" ? mrkdwn(object.text) : plainText(object?.text);

const EMOJI = ":([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):";

export const plainText = (text = "") => split(text, new RegExp(EMOJI, "g"), match => emojiNode(match[1]));

const around = mark => `(?<![\\w${mark}])[${mark}]([^${mark}\\n]+)[${mark}](?![\\w${mark}])`;
const MARKS = new RegExp(["`([^`\\n]+)`", "<([^<>\\n]+)>", EMOJI, around("*"), around("_"), around("~")].join("|"), "g");
const LONGEST = 8000;

export const clipped = text => text?.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;

// Slack's mrkdwn: code that keeps its lines, then quoted lines, then what stands within a line
export function mrkdwn(text = "") {
	return split(text, /\n?```\n?([\s\S]+?)\n?```\n?/g, match => h("pre", unescaped(match[1])), quotes);
}

function quotes(text) {
	const words = match => match[1].replace(/\n$/, "").replace(/^(?:&gt;|>) ?/gm, "");
	const draw = match => h("blockquote", inline(words(match)));
	return split(text, /(?:^|\n)((?:(?:&gt;|>)[^\n]*(?:\n|$))+)/g, draw, inline);
}

function inline(text) {
	const draw = ([, code, token, emoji, bold, italic, strike]) => {
		if (code) return h("code", unescaped(code));
		if (token) return tokenNode(token);
		if (emoji) return emojiNode(emoji);
		if (bold) return h("strong", inline(bold));
		return italic ? h("em", inline(italic)) : h("s", inline(strike));
	};
	return split(text, MARKS, draw, unescaped);
}

function split(text, marks, make, rest = legible) {
	const nodes = [];
	let position = 0;
	for (const match of text.matchAll(marks)) {
		if (match.index > position) nodes.push(rest(text.slice(position, match.index)));
		nodes.push(make(match));
		position = match.index + match[0].length;
	}
	if (position < text.length) nodes.push(rest(text.slice(position)));
	return nodes;
}

const unescaped = text => legible(withoutEntities(text));

const withoutEntities = text => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

function tokenNode(token) {
	const [target, label] = token.split(/\|(.*)/s);
	if (target.startsWith("@")) return mention(target.slice(1));
	if (target.startsWith("#")) return channelLink(target.slice(1));
	if (target.startsWith("!subteam^")) return usergroup(target.slice(9));
	if (target.startsWith("!date^")) {
		const [, seconds, format, address] = target.split("^");
		return instant(seconds, format, label, address && withoutEntities(address));
	}
	if (target.startsWith("!")) return mentioned(target.slice(1));
	return link(withoutEntities(target), unescaped(label || target));
}

// A moment in the words its format gives it; the exact one shows when it is pointed at
function instant(seconds, format = "{date_num}", fallback = "", address = "") {
	if (!Number.isFinite(Number(seconds))) return fallback;
	const node = h("time", {title: momentOf(seconds)}, formatted(format, seconds));
	return address ? link(address, node) : node;
}

const mentioned = (name, style = "") => h(`span.mention${style}`, `@${name}`);

const mention = userId => mentioned(nameOf(userId), userId === state.me ? ".mine" : "");

const usergroup = groupId => mentioned(state.usergroups.get(groupId)?.handle ?? groupId);

function channelLink(channelId) {
	const name = state.channels.get(channelId)?.name;
	return name ? h("a", {href: `#${me()?.name}/${channelId}`}, `#${name}`) : h("span.mention", "#private");
}

// A link; one to a message of this workspace stays on the page
function link(address, label) {
	const url = webAddress(address);
	const isOwn = url && state.team.url && url.origin === new URL(state.team.url).origin;
	const [, channel, seconds, micro] = (isOwn && /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(url.pathname)) || [];
	if (!channel) return webLink(address, label);
	const thread = url.searchParams.get("thread_ts") ?? "";
	return h("a", {href: `#${me()?.name}/${channel}/${thread}/${seconds}.${micro}`}, label);
}

export const richText = ({elements = []}) => elements.map(richPart);

const PARTS = {rich_text_section: "p", rich_text_quote: "blockquote", rich_text_preformatted: "pre"};

function richPart(part) {
	const {type, elements = []} = part;
	if (type === "rich_text_list") return richList(part);
	const styled = item => STYLES.reduce((inner, [name, tag]) => (item.style?.[name] ? h(tag, inner) : inner), inlineNode(item));
	return PARTS[type] ? h(PARTS[type], elements.map(styled)) : hint(`This page does not draw ${type}.`);
}

const STYLES = [
	["bold", "strong"],
	["italic", "em"],
	["strike", "s"],
	["code", "code"]
];

// A list; one that is nested comes from Slack as a list of its own with an indent
function richList({style, indent = 0, offset, elements = []}) {
	const tag = style === "ordered" ? "ol" : "ul";
	const items = elements.map(item => h("li", richPart(item)));
	const list = h(`${tag}.level-${indent % 3}`, {start: offset && offset + 1}, items);
	list.style.marginInlineStart = `${Math.min(indent, 8) * 1.4}rem`;
	return list;
}

const INLINE = {
	text: ({text}) => legible(clipped(text)),
	link: ({url, text = url}) => link(url, text),
	user: ({user_id}) => mention(user_id),
	usergroup: ({usergroup_id}) => usergroup(usergroup_id),
	channel: ({channel_id}) => channelLink(channel_id),
	emoji: ({name}) => emojiNode(name),
	broadcast: ({range}) => mentioned(range),
	date: ({timestamp, format, fallback, url}) => instant(timestamp, format, fallback, url)
};

const inlineNode = item => INLINE[item.type]?.(item) ?? item.text ?? `[${item.type}]`;
