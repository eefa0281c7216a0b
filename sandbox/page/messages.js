// One message, with what can be done to it.

import { drawBlocks } from "./blocks.js";
import { closeMenu, h, openMenu } from "./dom.js";
import { confirmed, perform } from "./gestures.js";
import { me, nameOf, pictureAt, pictureOf, state } from "./state.js";
import { emojiCharacter, emojiNode, mrkdwn } from "./text.js";
import { momentOf, timeOf } from "./time.js";

const PICKS = [
  "ticket",
  "eyes",
  "white_check_mark",
  "hourglass",
  "rotating_light",
  "lock",
  "+1",
  "heart",
  "tada",
];
const SYSTEM = new Set([
  "channel_join",
  "channel_leave",
  "group_join",
  "group_leave",
  "channel_name",
  "group_name",
  "tombstone",
]);

/**
 * A message or an ephemeral as a list item.
 * @param {object} message as the control API shows it; `ephemeral: true` for what only one person sees
 * @param {{channel: string, inThread: boolean, openThread: (ts: string) => void}} place
 */
export function drawMessage(message, place) {
  if (SYSTEM.has(message.subtype)) {
    return h(
      "li",
      { class: "message system" },
      message.user ? `${nameOf(message.user)} · ` : "",
      mrkdwn(message.text),
    );
  }
  const author = authorOf(message);
  return h(
    "li",
    { class: message.ephemeral ? "message ephemeral" : "message", "data-ts": message.ts },
    h("img", { class: "avatar", src: author.picture, alt: "", width: 36, height: 36, loading: "lazy" }),
    h(
      "div",
      { class: "content" },
      message.ephemeral ? h("p", { class: "hint" }, "Only visible to you") : null,
      h(
        "p",
        { class: "byline" },
        h("strong", {}, author.name),
        author.isApp ? h("span", { class: "badge" }, "App") : null,
        timeNode(message),
      ),
      drawBody(message, place),
      drawReactions(message, place),
      place.inThread ? null : drawThreadLink(message, place),
    ),
    message.ephemeral ? dismissButton(message, place) : toolbar(message, place),
  );
}

function authorOf(message) {
  const user = state.users.get(message.user);
  const isApp = Boolean(message.bot_id || message.app_id || message.ephemeral || user?.is_bot);
  if (message.ephemeral) {
    if (message.source === "slackbot")
      return { name: "Slackbot", isApp: true, picture: pictureOf("slackbot") };
    return { name: state.app.name, isApp: true, picture: pictureOf("deskbell") };
  }
  if (message.username) {
    const address = message.icons?.image_48 ?? message.icons?.image_64;
    return {
      name: message.username,
      isApp,
      picture: pictureAt(address) ?? pictureOf(handleOf(message.username)),
    };
  }
  return { name: nameOf(message.user), isApp, picture: pictureOf(user?.name ?? "slackbot") };
}

/** The handle of somebody of that name, so that a relayed message shows their face. */
function handleOf(name) {
  const found = [...state.users.values()].find((user) =>
    [user.profile.display_name, user.real_name].includes(name),
  );
  return found?.name ?? name;
}

function timeNode(message) {
  const seconds = Number(message.ts);
  return h("time", { title: momentOf(seconds) }, timeOf(seconds), message.edited ? " (edited)" : "");
}

function drawBody(message, place) {
  const holder = {
    confirm: confirmed,
    act: async (element, value) => {
      await perform("click", { user: state.me, channel: place.channel, ts: message.ts, element, value });
    },
  };
  const attached = (message.attachments ?? []).flatMap((attachment) => attachment.blocks ?? []);
  const blocks = [...(message.blocks ?? []), ...attached];
  const files = (message.files ?? []).map((file) => h("p", { class: "hint" }, `File: ${file.name}`));
  return h(
    "div",
    { class: "text" },
    blocks.length ? drawBlocks(blocks, holder) : h("p", {}, mrkdwn(message.text)),
    files,
  );
}

// --- reactions ---

function drawReactions(message, place) {
  if (!message.reactions?.length) return null;
  const chips = message.reactions.map((reaction) => {
    const mine = reaction.users.includes(state.me);
    const names = reaction.users.map(nameOf).join(", ");
    const flip = () => react(message, place, reaction.name, mine);
    return h(
      "button",
      {
        type: "button",
        class: "reaction",
        "aria-pressed": String(mine),
        title: `${names}: ${reaction.name}`,
        onclick: flip,
      },
      emojiNode(reaction.name),
      ` ${reaction.count}`,
    );
  });
  return h("div", { class: "reactions" }, chips);
}

function react(message, place, emoji, isThere) {
  return perform(isThere ? "unreact" : "react", {
    user: state.me,
    channel: place.channel,
    ts: message.ts,
    emoji,
  });
}

function openPicker(anchor, message, place) {
  const pick = (name) => {
    closeMenu();
    return react(message, place, name.trim().replaceAll(":", ""), false);
  };
  const buttons = PICKS.map((name) =>
    h(
      "button",
      {
        type: "button",
        class: "plain",
        title: `:${name}:`,
        "aria-label": name.replaceAll("_", " "),
        onclick: () => pick(name),
      },
      emojiCharacter(name) ?? name,
    ),
  );
  const other = h("input", { type: "text", placeholder: "Another, by name", "aria-label": "Emoji by name" });
  const send = (event) => {
    event.preventDefault();
    if (other.value.trim()) pick(other.value);
  };
  openMenu(anchor, "Add a reaction", [
    h("div", { class: "picks" }, buttons),
    h("form", { onsubmit: send }, other, h("button", { type: "submit" }, "Add")),
  ]);
}

// --- toolbar ---

function toolbar(message, place) {
  const reactButton = iconButton("☺", "Add a reaction", (event) =>
    openPicker(event.currentTarget, message, place),
  );
  const replyButton = iconButton("↩", "Reply in thread", () =>
    place.openThread(message.thread_ts ?? message.ts),
  );
  const moreButton = iconButton("⋯", "More", (event) => openMore(event.currentTarget, message, place));
  return h("div", { class: "toolbar" }, reactButton, place.inThread ? null : replyButton, moreButton);
}

function iconButton(icon, label, onclick) {
  return h("button", { type: "button", class: "plain", "aria-label": label, title: label, onclick }, icon);
}

function openMore(anchor, message, place) {
  const entry = (label, todo) => {
    const choose = () => {
      closeMenu();
      todo();
    };
    return h("button", { type: "button", class: "plain entry", onclick: choose }, label);
  };
  const target = { user: state.me, channel: place.channel, ts: message.ts };
  const shortcuts = state.app.shortcuts
    .filter((shortcut) => shortcut.type === "message")
    .map((shortcut) =>
      entry(shortcut.name, () => perform("shortcut", { ...target, callback_id: shortcut.callback_id })),
    );
  const isMine = message.user === state.me;
  openMenu(anchor, "More", [
    shortcuts,
    isMine ? entry("Delete message", () => remove(target)) : null,
    shortcuts.length || isMine ? null : h("p", { class: "hint" }, "The app offers nothing here."),
  ]);
}

async function remove(target) {
  const words = {
    title: { text: "Delete this message?" },
    text: { text: "Nobody will see it any more." },
    confirm: { text: "Delete" },
    deny: { text: "Keep it" },
    style: "danger",
  };
  if (await confirmed(words)) await perform("delete", target);
}

function dismissButton(message, place) {
  const dismiss = (event) => {
    dismissed.add(dismissalOf(message, place.channel));
    event.currentTarget.closest("li").remove();
  };
  return h("div", { class: "toolbar" }, iconButton("×", "Dismiss", dismiss));
}

const dismissed = new Set();

function dismissalOf(message, channel) {
  return `${state.me} ${channel} ${message.ts}`;
}

/** Whether the acting person put an ephemeral away. */
export function isDismissed(message, channel) {
  return dismissed.has(dismissalOf(message, channel));
}

function drawThreadLink(message, place) {
  if (!message.reply_count) return null;
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const open = () => place.openThread(message.ts);
  return h(
    "button",
    { type: "button", class: "plain replies", onclick: open },
    `${count}, last ${momentOf(Number(message.latest_reply))}`,
  );
}

/** Everything that decides how a message looks, besides time passing. */
export function signatureOf(message) {
  return JSON.stringify([me()?.id, message]);
}
