// What the page knows, and questions about it.

import {act, read} from "./api.js";
import {recall, remember} from "./dom.js";

export const state = {
	team: {name: "", url: ""},
	app: {commands: [], shortcuts: [], bot_user: ""},
	users: new Map(),
	channels: new Map(),
	usergroups: new Map(),
	// The id of the person we act as, and those of what is open
	me: "",
	channel: "",
	thread: "",
	// Seconds that the workspace is ahead of this machine
	offset: 0,
	lastChannel: new Map()
};

export async function loadWorkspace() {
	const {team, app, now, run, users, channels, usergroups} = await read("workspace");
	const isNew = run !== state.run;
	const byId = items => new Map(items.map(item => [item.id, item]));
	Object.assign(state, {team, app, run, offset: now - Date.now() / 1000});
	Object.assign(state, {users: byId(users), channels: byId(channels), usergroups: byId(usergroups)});
	if (isNew) recallNews();
}

// Workspace time in seconds
export const now = () => Date.now() / 1000 + state.offset;

export function people() {
	return [...state.users.values()].filter(user => !user.is_bot && !user.deleted && user.id !== "USLACKBOT");
}

export const me = () => state.users.get(state.me);

// Somebody by id; an app also by that of its bot
export function userOf(id) {
	return state.users.get(id) ?? [...state.users.values()].find(({profile}) => profile.bot_id === id);
}

export function nameOf(id) {
	if (id === "USLACKBOT") return "Slackbot";
	const user = userOf(id);
	return user ? user.profile.display_name || user.real_name || user.name : id;
}

export const pictureOf = handle => `/avatars/${encodeURIComponent(handle)}.svg`;

// Whose picture a message was posted with: the workspace's own are served here
export const handleAt = address => /^https:\/\/avatars\.example\/([\w.-]+)\.svg$/.exec(address)?.[1];

export function standing(user) {
	if (user.is_stranger) return "other organisation";
	return user.is_restricted || user.is_ultra_restricted ? "guest" : "";
}

const isDirect = ({is_im, is_mpim}) => is_im || is_mpim;

export function visibleChannels(userId) {
	const user = state.users.get(userId);
	const isGuest = user && standing(user);
	const all = [...state.channels.values()].filter(channel => !channel.is_archived);
	const isIn = channel => channel.members.includes(userId);
	return {
		rooms: all.filter(channel => !isDirect(channel) && (isIn(channel) || (!channel.is_private && !isGuest))),
		direct: all.filter(channel => isDirect(channel) && isIn(channel))
	};
}

export function canSee(userId, channelId) {
	return Object.values(visibleChannels(userId)).flat().some(channel => channel.id === channelId);
}

export const isMember = (userId, channelId) => state.channels.get(channelId)?.members.includes(userId);

// A channel's name as `userId` reads it
export function titleOf(channel, userId) {
	if (!channel) return "";
	if (!isDirect(channel)) return channel.is_private ? channel.name : `#${channel.name}`;
	const others = channel.members.filter(member => member !== userId);
	return others.map(nameOf).join(", ") || nameOf(userId);
}

// The person's direct conversation with somebody (the app, if nobody is named), opened if need be
export async function openConversation(userId, other) {
	const {channel} = await act("open_dm", {user: userId, with: other});
	if (!state.channels.has(channel)) await loadWorkspace();
	return channel;
}

const STORE = "news";
// By person and channel: how many messages are `unread`, how many of them were said to that person (`mentions`), until
// when they have `read`, and `since` when there was news when they came
let news = new Map();
// By the workspace's clock: what came later is news to those who have read nothing here yet
let openedAt = 0;

function recallNews() {
	const known = recall(STORE);
	const isOurs = known?.run === state.run;
	openedAt = isOurs ? known.openedAt : now();
	news = new Map(isOurs ? known.news : []);
}

const keyOf = (userId, channelId) => `${userId} ${channelId}`;

export const newsIn = (userId, channelId) => news.get(keyOf(userId, channelId)) ?? {unread: 0, mentions: 0, since: 0};

function note(userId, channelId, changes) {
	news.set(keyOf(userId, channelId), {...newsIn(userId, channelId), ...changes});
	remember(STORE, {run: state.run, openedAt, news: [...news]});
}

// One more message that the person has not seen; `text` tells whether it speaks to them
export function markUnread(userId, channelId, text = "") {
	const {unread, mentions} = newsIn(userId, channelId);
	note(userId, channelId, {unread: unread + 1, mentions: mentions + speaksTo(userId, text)});
}

function speaksTo(userId, text) {
	if (text.includes(`<@${userId}`) || /<!(here|channel|everyone)/.test(text)) return true;
	return [...text.matchAll(/<!subteam\^(\w+)/g)].some(([, id]) => state.usergroups.get(id)?.users?.includes(userId));
}

export const markRead = (userId, channelId) => note(userId, channelId, {unread: 0, mentions: 0, read: now()});

// Remembers, before it is marked as read, from where on a channel is new to somebody
export function noteArrival(userId, channelId) {
	const {unread, read = openedAt} = newsIn(userId, channelId);
	note(userId, channelId, {since: unread && read});
}

export function unreadOf(userId) {
	return [...news].reduce((sum, [key, {unread}]) => sum + (key.startsWith(`${userId} `) ? unread : 0), 0);
}
