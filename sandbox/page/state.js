// What the page knows, and questions about it.

import { act, read } from "./api.js";

export const state = {
  team: { name: "", url: "" },
  app: { commands: [], shortcuts: [], bot_user: "" },
  users: new Map(),
  channels: new Map(),
  usergroups: new Map(),
  /** The id of the person we act as. */
  me: "",
  /** The ids of what is open. */
  channel: "",
  thread: "",
  /** Seconds that the workspace is ahead of this machine. */
  offset: 0,
  /** How many messages a person has not seen in a channel, by `person channel`. */
  unread: new Map(),
  /** How many of them were said to that person, by the same key. */
  mentions: new Map(),
  /** From where on a channel was new when somebody came to it, by `person channel`. */
  arrived: new Map(),
  lastChannel: new Map(),
};

/** Reads team, app, people and channels. */
export async function loadWorkspace() {
  const space = await read("workspace");
  Object.assign(state, { team: space.team, app: space.app, offset: space.now - Date.now() / 1000 });
  state.users = byId(space.users);
  state.channels = byId(space.channels);
  state.usergroups = byId(space.usergroups);
}

function byId(items) {
  return new Map(items.map((item) => [item.id, item]));
}

/** Workspace time in seconds. */
export function now() {
  return Date.now() / 1000 + state.offset;
}

/** The people one can be. */
export function people() {
  return [...state.users.values()].filter((user) => !user.is_bot && !user.deleted && user.id !== "USLACKBOT");
}

export function me() {
  return state.users.get(state.me);
}

/** What a person is called. */
export function nameOf(userId) {
  const user = state.users.get(userId);
  if (userId === "USLACKBOT") return "Slackbot";
  return user ? user.profile.display_name || user.real_name || user.name : userId;
}

/** Where a person's picture is. */
export function pictureOf(handle) {
  return `/avatars/${encodeURIComponent(handle)}.svg`;
}

/** Where the picture is that a message was posted with: the workspace's own are served here. */
export function pictureAt(address) {
  const own = /^https:\/\/avatars\.example\/([\w.-]+)\.svg$/.exec(address ?? "");
  return own ? pictureOf(own[1]) : null;
}

/** What a guest or a stranger is, in a word. */
export function standing(user) {
  if (user.is_stranger) return "other organisation";
  if (user.is_restricted || user.is_ultra_restricted) return "guest";
  return "";
}

/** What the person sees in the sidebar: channels, then direct conversations. */
export function visibleChannels(userId) {
  const user = state.users.get(userId);
  const isGuest = Boolean(user && standing(user));
  const all = [...state.channels.values()].filter((channel) => !channel.is_archived);
  const rooms = all.filter((c) => !c.is_im && (c.members.includes(userId) || (!c.is_private && !isGuest)));
  return { rooms, direct: all.filter((c) => c.is_im && c.members.includes(userId)) };
}

export function canSee(userId, channelId) {
  const { rooms, direct } = visibleChannels(userId);
  return [...rooms, ...direct].some((channel) => channel.id === channelId);
}

export function isMember(userId, channelId) {
  return state.channels.get(channelId)?.members.includes(userId) ?? false;
}

/** A channel's name as `userId` reads it. */
export function titleOf(channel, userId) {
  if (!channel) return "";
  if (!channel.is_im) return channel.is_private ? channel.name : `#${channel.name}`;
  return nameOf(channel.members.find((member) => member !== userId) ?? userId);
}

/** The person's direct conversation with somebody (the app, if nobody is named), opened if need be. */
export async function openConversation(userId, other) {
  const { channel } = await act("open_dm", { user: userId, with: other });
  if (!state.channels.has(channel)) await loadWorkspace();
  return channel;
}

// --- unread: kept in this browser, for each person ---

const KEPT = "sandbox.unread";
const lastRead = new Map();
/** By the workspace's clock: what came later is news to those who have read nothing here yet. */
let openedAt = 0;

/** What was read and what was not, from an earlier visit to this workspace. */
export function recallUnread() {
  openedAt = now();
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    if (kept.team !== state.team.id) return;
    openedAt = kept.openedAt ?? openedAt;
    for (const [key, count] of kept.unread) state.unread.set(key, count);
    for (const [key, count] of kept.mentions ?? []) state.mentions.set(key, count);
    for (const [key, ts] of kept.read) lastRead.set(key, ts);
  } catch {
    // Another version wrote it, or the browser keeps nothing: then nothing is unread.
  }
}

function keepUnread() {
  const counts = { unread: [...state.unread], mentions: [...state.mentions], read: [...lastRead] };
  const kept = { team: state.team.id, openedAt, ...counts };
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing forgets what was read when the page is left.
  }
}

/** One more message that the person has not seen; `text` tells whether it speaks to them. */
export function markUnread(userId, channelId, text = "") {
  const key = `${userId} ${channelId}`;
  state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
  if (speaksTo(userId, text)) state.mentions.set(key, (state.mentions.get(key) ?? 0) + 1);
  keepUnread();
}

function speaksTo(userId, text) {
  if (text.includes(`<@${userId}`) || /<!(here|channel|everyone)/.test(text)) return true;
  return [...text.matchAll(/<!subteam\^(\w+)/g)].some(([, id]) => state.usergroups.get(id)?.users?.includes(userId));
}

export function mentionsIn(userId, channelId) {
  return state.mentions.get(`${userId} ${channelId}`) ?? 0;
}

/** The person sees everything up to now. */
export function markRead(userId, channelId) {
  const key = `${userId} ${channelId}`;
  state.unread.delete(key);
  state.mentions.delete(key);
  lastRead.set(key, now());
  keepUnread();
}

/** Until when the person had seen a channel before they opened it; 0 where nothing is new. */
export function newSince(userId, channelId) {
  return state.arrived.get(`${userId} ${channelId}`) ?? 0;
}

/** Remembers, before it is marked as read, from where on a channel is new to somebody. */
export function noteArrival(userId, channelId) {
  const key = `${userId} ${channelId}`;
  state.arrived.set(key, state.unread.get(key) ? (lastRead.get(key) ?? openedAt) : 0);
}

export function unreadIn(userId, channelId) {
  return state.unread.get(`${userId} ${channelId}`) ?? 0;
}

export function unreadOf(userId) {
  return [...state.unread].filter(([key]) => key.startsWith(`${userId} `)).reduce((sum, [, n]) => sum + n, 0);
}
