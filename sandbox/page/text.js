// Slack's mrkdwn, plain text and rich text as nodes.

import { h, webAddress, webLink } from "./dom.js";
import { nameOf, state } from "./state.js";
import { formatted } from "./time.js";

let characters = {};

/** Tells which character each emoji name stands for. */
export function setEmoji(known) {
  characters = known;
}

/** An emoji by name; one without a character stays a name. */
export function emojiNode(name) {
  const character = emojiCharacter(name);
  if (!character) return `:${name}:`;
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
  return unescaped(
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

export function emojiCharacter(name) {
  return characters[name.split("::")[0]];
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
    "```([\\s\\S]+?)```",
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    ":([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):",
    "(?<![\\w*])\\*([^*\\n]+)\\*(?![\\w*])",
    "(?<![\\w_])_([^_\\n]+)_(?![\\w_])",
    "(?<![\\w~])~([^~\\n]+)~(?![\\w~])",
  ].join("|"),
  "g",
);

/** Slack's mrkdwn. */
export function mrkdwn(text) {
  return split(
    text ?? "",
    MARKS,
    (match) => {
      const [whole, block, code, token, emoji, bold, italic, strike] = match;
      if (block) return h("pre", {}, unescaped(block));
      if (code) return h("code", {}, unescaped(code));
      if (token) return tokenNode(token);
      if (emoji) return emojiNode(emoji);
      if (bold) return h("strong", {}, mrkdwn(bold));
      if (italic) return h("em", {}, mrkdwn(italic));
      return strike ? h("s", {}, mrkdwn(strike)) : whole;
    },
    unescaped,
  );
}

function split(text, marks, make, rest = (words) => words) {
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
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function tokenNode(token) {
  const [target, label] = token.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention(target.slice(1));
  if (target.startsWith("#")) return channelLink(target.slice(1));
  if (target.startsWith("!date^")) return dateToken(target, label);
  if (target.startsWith("!subteam^")) return usergroup(target.slice(9));
  if (target.startsWith("!")) return h("span", { class: "mention" }, `@${target.slice(1)}`);
  return link(unescaped(target), label ? unescaped(label) : unescaped(target));
}

function dateToken(target, label) {
  const [, seconds, format] = target.split("^");
  return h("time", { title: label ?? "" }, formatted(format ?? "{date_num}", Number(seconds)));
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
  const thread = url.searchParams.get("thread_ts") ?? `${seconds}.${micro}`;
  return `#${here()}/${channel}/${thread}`;
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
      return h(
        part.style === "ordered" ? "ol" : "ul",
        {},
        (part.elements ?? []).map((item) => h("li", {}, richPart(item))),
      );
    default:
      return h("p", { class: "unknown" }, `This page does not draw ${part.type}.`);
  }
}

function richInline(item) {
  return styled(item.style, inlineNode(item));
}

function inlineNode(item) {
  switch (item.type) {
    case "text":
      return item.text;
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
      return h("time", { title: item.fallback ?? "" }, formatted(item.format, item.timestamp));
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
