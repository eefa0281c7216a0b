// Slack's mrkdwn, plain text and rich text as nodes.

import { h, webAddress, webLink } from "./dom.js";
import { nameOf, state } from "./state.js";
import { formatted, momentOf } from "./time.js";

let characters = {};

/** Tells which character each emoji name stands for; where no font draws them, their names are shown. */
export function setEmoji(known) {
  characters = known;
  isDrawn = hasEmojiFont();
  if (!isDrawn) names = new Map(Object.entries(known).map(([name, character]) => [character, `:${name}:`]));
}

let names = new Map();

/** Words in which every emoji can be read. */
function legible(text) {
  return isDrawn ? text : text.replace(/\p{Extended_Pictographic}\ufe0f?/gu, (one) => names.get(one) ?? one);
}

let isDrawn = true;

/** Without a font for them, all emoji look alike. */
function hasEmojiFont() {
  const canvas = document.createElement("canvas");
  const brush = canvas.getContext("2d");
  const drawing = (character) => {
    brush.clearRect(0, 0, canvas.width, canvas.height);
    brush.font = "32px sans-serif";
    brush.fillText(character, 0, 40);
    return canvas.toDataURL();
  };
  return !brush || drawing("\u{1f996}") !== drawing("\u{1f984}");
}

/** An emoji by name; one without a character stays a name. */
export function emojiNode(name) {
  const character = emojiCharacter(name);
  if (!character || !isDrawn) return `:${name}:`;
  return h(
    "span",
    { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` },
    character,
  );
}

/** The names of emoji that begin with, then those that contain, these letters. */
export function emojiNames(wanted, most = 8) {
  const names = Object.keys(characters);
  const begin = names.filter((name) => name.startsWith(wanted));
  const contain = names.filter((name) => !name.startsWith(wanted) && name.includes(wanted));
  return [...begin, ...contain].slice(0, most);
}

/** What somebody typed to get this markup: names for ids, characters for entities. */
export function typedOf(text) {
  return withoutEntities(
    (text ?? "").replace(/<([^<>\n]+)>/g, (_, token) => {
      const [target, label] = token.split(/\|(.*)/s);
      if (target.startsWith("@")) return `@${state.users.get(target.slice(1))?.name ?? target.slice(1)}`;
      if (target.startsWith("#")) return `#${state.channels.get(target.slice(1))?.name ?? label ?? ""}`;
      if (target.startsWith("!subteam^")) return `@${state.usergroups.get(target.slice(9))?.handle ?? label ?? ""}`;
      if (target.startsWith("!date^")) return label ?? "";
      return target.startsWith("!") ? `@${target.slice(1)}` : target;
    }),
  );
}

/** The character of an emoji, with its skin tone; undefined where it has none or cannot be drawn. */
export function emojiCharacter(name) {
  const [plain, tone] = name.split("::skin-tone-");
  const character = isDrawn ? characters[plain] : undefined;
  return character && tone ? `${character}${String.fromCodePoint(0x1f3f9 + Number(tone))}` : character;
}

/** A text object of any kind. */
export function textObject(object) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plainText(object.text);
}

/** Words with their emoji and line breaks, nothing else. */
export function plainText(text) {
  return split(text ?? "", /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g, (match) => emojiNode(match[1]));
}

const MARKS = new RegExp(
  [
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    ":([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
    "(?<![\\w*])\\*([^*\\n]+)\\*(?![\\w*])",
    "(?<![\\w_])_([^_\\n]+)_(?![\\w_])",
    "(?<![\\w~])~([^~\\n]+)~(?![\\w~])",
  ].join("|"),
  "g",
);

const LONGEST = 8000;

/** A very long text as a person can still read it. */
export function clipped(text) {
  return text?.length > LONGEST ? `${text.slice(0, LONGEST)}… (${text.length} characters)` : text;
}

/** Slack's mrkdwn: code that keeps its lines, then quoted lines, then what stands within a line. */
export function mrkdwn(text) {
  const code = /\n?```\n?([\s\S]+?)\n?```\n?/g;
  return split(text ?? "", code, (match) => h("pre", {}, unescaped(match[1])), quotes);
}

function quotes(text) {
  const quoted = /(?:^|\n)((?:(?:&gt;|>)[^\n]*(?:\n|$))+)/g;
  const words = (match) => match[1].replace(/\n$/, "").replace(/^(?:&gt;|>) ?/gm, "");
  return split(text, quoted, (match) => h("blockquote", {}, inline(words(match))), inline);
}

function inline(text) {
  return split(
    text,
    MARKS,
    (match) => {
      const [whole, code, token, emoji, bold, italic, strike] = match;
      if (code) return h("code", {}, unescaped(code));
      if (token) return tokenNode(token);
      if (emoji) return emojiNode(emoji);
      if (bold) return h("strong", {}, inline(bold));
      if (italic) return h("em", {}, inline(italic));
      return strike ? h("s", {}, inline(strike)) : whole;
    },
    unescaped,
  );
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

function unescaped(text) {
  return legible(withoutEntities(text));
}

function withoutEntities(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function tokenNode(token) {
  const [target, label] = token.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return channelLink(target.slice(1));
  if (target.startsWith("!date^")) return dateToken(target, label);
  if (target.startsWith("!subteam^")) return usergroup(target.slice(9));
  if (target.startsWith("!")) return h("span", { class: "mention" }, `@${target.slice(1)}`);
  return link(withoutEntities(target), label ? unescaped(label) : withoutEntities(target));
}

function dateToken(target, label) {
  const [, seconds, format, address] = target.split("^");
  return instant(Number(seconds), format ?? "{date_num}", label, address && withoutEntities(address));
}

/** A moment in the words its format gives it; the exact one shows when it is pointed at. */
function instant(seconds, format, fallback, address) {
  if (!Number.isFinite(seconds)) return fallback ?? "";
  const node = h("time", { title: momentOf(seconds) }, formatted(format, seconds));
  return address ? link(address, node) : node;
}

function mention(userId) {
  const mine = userId === state.me;
  return h("span", { class: mine ? "mention mine" : "mention" }, `@${nameOf(userId)}`);
}

function channelLink(channelId) {
  const name = state.channels.get(channelId)?.name;
  return name
    ? h("a", { href: `#${here()}/${channelId}` }, `#${name}`)
    : h("span", { class: "mention" }, "#private");
}

function usergroup(groupId) {
  return h("span", { class: "mention" }, `@${state.usergroups.get(groupId)?.handle ?? groupId}`);
}

function here() {
  return state.users.get(state.me)?.name ?? "";
}

/** A link; one to a message of this workspace stays on the page. */
function link(address, label) {
  const url = webAddress(address);
  const permalink =
    url && state.team.url && url.origin === new URL(state.team.url).origin ? ownPlace(url) : null;
  return permalink ? h("a", { href: permalink }, label) : webLink(address, label);
}

function ownPlace(url) {
  const found = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(url.pathname);
  if (!found) return null;
  const [, channel, seconds, micro] = found;
  return `#${here()}/${channel}/${url.searchParams.get("thread_ts") ?? ""}/${seconds}.${micro}`;
}

// --- rich text ---

/** A rich_text block. */
export function richText(block) {
  return (block.elements ?? []).map(richPart);
}

function richPart(part) {
  const inline = () => (part.elements ?? []).map(richInline);
  switch (part.type) {
    case "rich_text_section":
      return h("p", {}, inline());
    case "rich_text_quote":
      return h("blockquote", {}, inline());
    case "rich_text_preformatted":
      return h("pre", {}, inline());
    case "rich_text_list":
      return richList(part);
    default:
      return h("p", { class: "unknown" }, `This page does not draw ${part.type}.`);
  }
}

/** A list; one that is nested comes from Slack as a list of its own with an indent. */
function richList(part) {
  const indent = Math.min(part.indent ?? 0, 8);
  const isOrdered = part.style === "ordered";
  const items = (part.elements ?? []).map((item) => h("li", {}, richPart(item)));
  const list = h(isOrdered ? "ol" : "ul", { class: `level-${indent % 3}`, start: part.offset ? part.offset + 1 : null }, items);
  list.style.marginInlineStart = `${indent * 1.4}rem`;
  return list;
}

function richInline(item) {
  return styled(item.style, inlineNode(item));
}

function inlineNode(item) {
  switch (item.type) {
    case "text":
      return legible(clipped(item.text));
    case "link":
      return link(item.url, item.text ?? item.url);
    case "user":
      return mention(item.user_id);
    case "usergroup":
      return usergroup(item.usergroup_id);
    case "channel":
      return channelLink(item.channel_id);
    case "emoji":
      return emojiNode(item.name);
    case "broadcast":
      return h("span", { class: "mention" }, `@${item.range}`);
    case "date":
      return instant(Number(item.timestamp), item.format ?? "{date_num}", item.fallback, item.url);
    default:
      return item.text ?? `[${item.type}]`;
  }
}

function styled(style, node) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code" };
  return Object.entries(tags).reduce(
    (inner, [name, tag]) => (style?.[name] ? h(tag, {}, inner) : inner),
    node,
  );
}
