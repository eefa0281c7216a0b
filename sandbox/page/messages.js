// One message, with what can be done to it.

import { drawBlocks } from "./blocks.js";
import { closeMenu, h, openMenu, webLink } from "./dom.js";
import { confirmed, notify, perform } from "./gestures.js";
import { icon } from "./icons.js";
import { me, nameOf, pictureAt, pictureOf, state } from "./state.js";
import { openPicker } from "./picker.js";
import { clipped, emojiNode, mrkdwn, plainText, typedOf } from "./text.js";
import { ago, momentOf, timeOf } from "./time.js";

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
 * @param {{channel: string, inThread: boolean, openThread: (ts: string) => void, redraw: () => void}} place
 * @param {boolean} [continues] whether it follows another of the same author's closely
 */
export function drawMessage(message, place, continues = false) {
  if (SYSTEM.has(message.subtype)) {
    return h(
      "li",
      { class: "message system", "data-ts": message.ts, tabindex: -1 },
      mrkdwn(message.text),
      " ",
      timeNode(message),
    );
  }
  const author = authorOf(message);
  return h(
    "li",
    {
      class: `message${message.ephemeral ? " ephemeral" : ""}${continues ? " continued" : ""}`,
      "data-ts": message.ts,
      tabindex: -1,
      "aria-label": `${author.name}, ${timeOf(Number(message.ts))}`,
    },
    drawFace(author),
    h(
      "div",
      { class: "content" },
      message.subtype === "thread_broadcast" && !place.inThread ? drawOrigin(message, place) : null,
      message.ephemeral ? h("p", { class: "hint" }, "Only visible to you") : null,
      h(
        "p",
        { class: "byline" },
        h("strong", {}, author.name),
        author.isApp ? h("span", { class: "badge" }, "App") : null,
        timeNode(message),
      ),
      isEdited(message, place) ? editForm(message, place) : drawBody(message, place),
      drawReactions(message, place),
      place.inThread ? null : drawThreadLink(message, place),
    ),
    message.ephemeral ? dismissButton(message, place) : toolbar(message, place),
  );
}

function drawFace(author) {
  if (author.emoji) return h("span", { class: "avatar", "aria-hidden": "true" }, emojiNode(author.emoji));
  return h("img", { class: "avatar", src: author.picture, alt: "", width: 36, height: 36, loading: "lazy" });
}

/** Of a reply that was sent to the channel as well. */
function drawOrigin(message, place) {
  const open = () => place.openThread(message.thread_ts);
  return h(
    "p",
    { class: "hint" },
    "replied to ",
    h("button", { type: "button", class: "plain link", onclick: open }, "a thread"),
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
      emoji: message.icons?.emoji?.replaceAll(":", ""),
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
    suggest: (element, query) =>
      perform("suggest", { user: state.me, channel: place.channel, ts: message.ts, element, query }),
  };
  const blocks = message.blocks ?? [];
  return h(
    "div",
    { class: "text" },
    blocks.length ? drawBlocks(blocks, holder) : h("p", {}, mrkdwn(clipped(message.text))),
    (message.attachments ?? []).map((attachment) => drawAttachment(attachment, holder)),
    (message.files ?? []).map(drawFile),
  );
}

const COLOURS = { good: "#2f8f5b", warning: "#c98a1b", danger: "#b3414c" };

function drawAttachment(attachment, holder) {
  const bar = h("div", { class: "attachment" }, drawAttached(attachment, holder));
  const colour = COLOURS[attachment.color] ?? `#${(attachment.color ?? "").replace("#", "")}`;
  if (/^#[0-9a-f]{6}$/i.test(colour)) bar.style.borderColor = colour;
  return attachment.pretext ? [h("p", {}, mrkdwn(attachment.pretext)), bar] : bar;
}

/** Blocks, or the older fields that stood in their place. */
function drawAttached(attachment, holder) {
  if (attachment.blocks?.length) return drawBlocks(attachment.blocks, holder);
  const { author_name: author, title, title_link: address, text, fallback, fields, footer } = attachment;
  const heading = title && h("strong", {}, address ? webLink(address, plainText(title)) : plainText(title));
  return [
    author ? h("p", { class: "hint" }, plainText(author)) : null,
    heading ? h("p", {}, heading) : null,
    text ?? (title ? "" : fallback) ? h("p", {}, mrkdwn(clipped(text ?? fallback))) : null,
    (fields ?? []).map((field) => h("p", {}, h("strong", {}, plainText(field.title)), " ", mrkdwn(field.value))),
    footer ? h("p", { class: "hint" }, plainText(footer)) : null,
  ];
}

function drawFile(file) {
  if (/^image\/(png|jpeg|gif)$/.test(file.mimetype ?? "")) {
    const alt = file.alt_txt || file.title || file.name;
    return h("img", { class: "picture", src: `/files/${encodeURIComponent(file.id)}/picture`, alt, loading: "lazy" });
  }
  return h("p", { class: "file" }, icon("file"), " ", file.title || file.name);
}

// --- editing ---

let edited = "";

function editKey(message, place) {
  return `${state.me} ${place.channel} ${message.ts} ${place.inThread}`;
}

function isEdited(message, place) {
  return edited === editKey(message, place);
}

/** Opens an own message for editing. */
export function edit(message, place) {
  edited = editKey(message, place);
  place.redraw();
}

function editForm(message, place) {
  const field = h("textarea", { rows: 2, "aria-label": "Edit message", value: typedOf(message.text) });
  const end = () => {
    edited = "";
    place.redraw();
    place.focusComposer();
  };
  const save = async (event) => {
    event.preventDefault();
    const target = { user: state.me, channel: place.channel, ts: message.ts };
    if (field.value.trim() && (await perform("edit", { ...target, text: field.value }))) end();
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) save(event);
  });
  setTimeout(() => field.focus());
  return h(
    "form",
    { class: "editing", onsubmit: save },
    field,
    h("button", { type: "button", onclick: end }, "Cancel"),
    h("button", { type: "submit", class: "primary" }, "Save"),
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

// --- toolbar ---

function toolbar(message, place) {
  const reactButton = iconButton("smile", "Add a reaction", (event) =>
    openPicker(event.currentTarget, (name) => react(message, place, name, false)),
  );
  const replyButton = iconButton("reply", "Reply in thread", () =>
    place.openThread(message.thread_ts ?? message.ts),
  );
  const moreButton = iconButton("more", "More", (event) => openMore(event.currentTarget, message, place));
  return h("div", { class: "toolbar" }, reactButton, place.inThread ? null : replyButton, moreButton);
}

function iconButton(sign, label, onclick) {
  return h("button", { type: "button", class: "plain", "aria-label": label, title: label, onclick }, icon(sign));
}

function openMore(anchor, message, place) {
  const entry = (label, todo) => {
    const choose = () => {
      closeMenu();
      todo();
    };
    return h("button", { type: "button", class: "plain choice", onclick: choose }, label);
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
    entry("Copy link", () => copyLink(message, place)),
    entry("Inspect", () => document.dispatchEvent(new CustomEvent("inspect", { detail: { ts: message.ts } }))),
    isMine ? entry("Edit message", () => edit(message, place)) : null,
    isMine || me()?.is_admin ? entry("Delete message", () => remove(target)) : null,
  ]);
}

async function copyLink(message, place) {
  const root = state.team.url.replace(/\/$/, "");
  const thread = message.thread_ts && message.thread_ts !== message.ts ? `?thread_ts=${message.thread_ts}` : "";
  const link = `${root}/archives/${place.channel}/p${message.ts.replace(".", "")}${thread}`;
  try {
    await navigator.clipboard.writeText(link);
    notify("The link is copied.", 3);
  } catch {
    notify(link, 20);
  }
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
  return h("div", { class: "toolbar" }, iconButton("close", "Dismiss", dismiss));
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
  const last = Number(message.latest_reply);
  return h(
    "button",
    { type: "button", class: "plain replies", onclick: open },
    (message.reply_users ?? []).map(drawSmallFace),
    h("strong", {}, count),
    h("time", { title: momentOf(last), "data-last": last }, lastReply(last)),
  );
}

function lastReply(seconds) {
  return `Last reply ${ago(seconds)}`;
}

/** Says anew how long ago things were, when time has passed. */
export function refreshAges() {
  for (const time of document.querySelectorAll("time[data-last]"))
    time.textContent = lastReply(Number(time.dataset.last));
}

function drawSmallFace(userOrBot) {
  const user = state.users.get(userOrBot);
  const handle = user && !user.is_bot ? user.name : "deskbell";
  return h("img", { src: pictureOf(handle), alt: "", title: nameOf(userOrBot), width: 20, height: 20, loading: "lazy" });
}

const signatures = new WeakMap();

/** Everything that decides how a message looks, besides time passing. */
export function signatureOf(message, place, continues) {
  if (!signatures.has(message)) signatures.set(message, JSON.stringify(message));
  return `${me()?.id} ${isEdited(message, place)} ${continues} ${signatures.get(message)}`;
}
