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
  if (!channel.is_im) return `#${channel.name}`;
  return nameOf(channel.members.find((member) => member !== userId) ?? userId);
}

/** The person's direct conversation with the app, opened if need be. */
export async function openAppConversation(userId) {
  const { channel } = await act("open_dm", { user: userId });
  if (!state.channels.has(channel)) await loadWorkspace();
  return channel;
}

// --- unread ---

export function markUnread(userId, channelId) {
  const key = `${userId} ${channelId}`;
  state.unread.set(key, (state.unread.get(key) ?? 0) + 1);
}

export function markRead(userId, channelId) {
  state.unread.delete(`${userId} ${channelId}`);
}

export function unreadIn(userId, channelId) {
  return state.unread.get(`${userId} ${channelId}`) ?? 0;
}

export function unreadOf(userId) {
  return [...state.unread].filter(([key]) => key.startsWith(`${userId} `)).reduce((sum, [, n]) => sum + n, 0);
}
