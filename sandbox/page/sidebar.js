// Who we act as, what they can open, and the workspace's time.

import {button, choice, fill, h, openMenu} from "./dom.js";
import {actAsMe} from "./gestures.js";
import {face, icon, iconButton} from "./icons.js";
import {me, nameOf, newsIn, now, people, standing, state, titleOf, unreadOf, visibleChannels} from "./state.js";
import {momentOf, untilTomorrowAtNine} from "./time.js";

export function drawPeople(root, choose) {
	const buttons = people().map(user => {
		const unread = user.id !== state.me && unreadOf(user.id);
		const name = nameOf(user.id);
		const about = aboutOf(user);
		return button(
			[face(user.name, 32, {class: "avatar"}), h("span", name), unread > 0 && h("span.dot", {"aria-hidden": "true"})],
			() => choose(user.id),
			{
				class: "person",
				"aria-pressed": String(user.id === state.me),
				"aria-label": `Act as ${name}${about && `, ${about}`}${unread ? `, ${unread} new` : ""}`,
				title: `${user.real_name}${about && ` · ${about}`}`
			}
		);
	});
	fill(root, h("span.hint", "You are"), buttons);
}

const aboutOf = user => [user?.profile.title, user && standing(user)].filter(Boolean).join(", ");

// `write` opens the conversation with somebody, or with the app
export function drawSidebar(root, open, write) {
	const {rooms, direct} = visibleChannels(state.me);
	const withApp = {id: "", is_im: true, members: [state.me, state.app.bot_user]};
	const app = direct.find(channel => channel.is_im && channel.members.includes(state.app.bot_user)) ?? withApp;
	const go = ({id}) => (id ? open(id) : write());
	const entries = channels => h("ul", channels.map(channel => h("li", channelButton(channel, () => go(channel)))));
	const others = people().filter(user => user.id !== state.me);
	const choices = () => others.map(({id, name}) => choice([face(name), nameOf(id)], () => write(id)));
	const choose = ({currentTarget}) => openMenu(currentTarget, "Write to", choices());
	const person = me();
	fill(
		root,
		h("p.me", h("strong", person?.real_name), h("br"), h("span.hint", aboutOf(person))),
		h("h2", "Channels"),
		entries(rooms),
		h("h2", "Direct messages", iconButton("plus", "Write to somebody", choose)),
		entries(direct.filter(channel => channel !== app)),
		h("h2", "Apps"),
		entries([app])
	);
}

// What stands before a name: a face, a lock, or the sign of a channel
function signOf(channel) {
	if (!channel.is_im) return channel.is_private ? icon("lock") : h("span.sign", {"aria-hidden": "true"}, "#");
	const other = channel.members.find(member => member !== state.me) ?? state.me;
	return face(other === state.app.bot_user ? "deskbell" : (state.users.get(other)?.name ?? "slackbot"));
}

// Everything new makes a name bold; what was said to the person themselves is counted, as in Slack
function channelButton(channel, onclick) {
	const {unread, mentions} = newsIn(state.me, channel.id);
	const own = channel.is_im ? unread : mentions;
	const name = titleOf(channel, state.me);
	return button(
		[
			signOf(channel),
			h("span", name.replace("#", "")),
			own > 0 && h("span.count", {"aria-hidden": "true"}, String(own))
		],
		onclick,
		{
			class: unread ? "plain unread" : "plain",
			"aria-current": channel.id === state.channel && "page",
			"aria-label": unread ? `${name}, ${unread} new${own ? ", for you" : ""}` : name
		}
	);
}

// Ways to skip time: what stands on the button, what it does, seconds
export const SKIPS = [
	["+15 min", "Skip 15 minutes", () => 900],
	["+1 h", "Skip an hour", () => 3600],
	["Tomorrow 9:00", "Skip to tomorrow at nine", untilTomorrowAtNine]
];

export function skipButton([label, title, seconds]) {
	const skip = () => actAsMe("skip", {seconds: seconds()});
	return button(label, skip, {title});
}

export function drawClock(root) {
	// Its buttons are made once: one that is replaced between press and release loses the click.
	if (!root.querySelector("time")) fill(root, h("time"), SKIPS.map(skipButton));
	tick(root);
}

export function tick(root) {
	const place = root.querySelector("time");
	if (place) place.textContent = momentOf(now());
}
