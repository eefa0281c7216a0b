// Who we act as, what they can open, and the workspace's time.

import { closeMenu, fill, h, openMenu } from "./dom.js";
import { perform } from "./gestures.js";
import { icon } from "./icons.js";
import {
  me,
  mentionsIn,
  nameOf,
  now,
  people,
  pictureOf,
  standing,
  state,
  titleOf,
  unreadIn,
  unreadOf,
  visibleChannels,
} from "./state.js";
import { momentOf, untilTomorrowAtNine } from "./time.js";

/** The row of people; a choice changes who we act as. */
export function drawPeople(root, choose) {
  const buttons = people().map((user) => {
    const unread = user.id === state.me ? 0 : unreadOf(user.id);
    const about = [user.profile.title, standing(user)].filter(Boolean).join(", ");
    const news = unread ? `, ${unread} new` : "";
    return h(
      "button",
      {
        type: "button",
        class: "person",
        "aria-pressed": String(user.id === state.me),
        "aria-label": `Act as ${nameOf(user.id)}${about ? `, ${about}` : ""}${news}`,
        title: `${user.real_name}${about ? ` · ${about}` : ""}`,
        onclick: () => choose(user.id),
      },
      h("img", { class: "avatar", src: pictureOf(user.name), alt: "", width: 32, height: 32 }),
      h("span", {}, nameOf(user.id)),
      unread ? h("span", { class: "dot", "aria-hidden": "true" }) : null,
    );
  });
  fill(root, h("span", { class: "hint" }, "You are"), buttons);
}

/** Channels and direct conversations of the acting person. */
export function drawSidebar(root, open, openApp, openPerson) {
  const { rooms, direct } = visibleChannels(state.me);
  const app = direct.find((channel) => channel.members.includes(state.app.bot_user));
  const others = direct.filter((channel) => channel !== app);
  const entry = (channel) => channelButton(channel, () => open(channel.id));
  const about = me();
  fill(
    root,
    h(
      "p",
      { class: "me" },
      h("strong", {}, about?.real_name ?? ""),
      h("br"),
      h(
        "span",
        { class: "hint" },
        [about?.profile.title, about && standing(about)].filter(Boolean).join(", "),
      ),
    ),
    h("h2", {}, "Channels"),
    h(
      "ul",
      {},
      rooms.map((channel) => h("li", {}, entry(channel))),
    ),
    h("h2", {}, "Direct messages", writeButton(openPerson)),
    h(
      "ul",
      {},
      others.map((channel) => h("li", {}, entry(channel))),
    ),
    h("h2", {}, "Apps"),
    h("ul", {}, h("li", {}, app ? entry(app) : appButton(openApp))),
  );
}

/** Who to write to: everybody but oneself. */
function writeButton(openPerson) {
  const choose = (id) => () => {
    closeMenu();
    openPerson(id);
  };
  const entry = (user) =>
    h("button", { type: "button", class: "plain choice", onclick: choose(user.id) }, face(user.name), nameOf(user.id));
  const show = (event) =>
    openMenu(event.currentTarget, "Write to", people().filter((user) => user.id !== state.me).map(entry));
  return h(
    "button",
    { type: "button", class: "plain", "aria-label": "Write to somebody", title: "Write to somebody", onclick: show },
    icon("plus"),
  );
}

function face(handle) {
  return h("img", { src: pictureOf(handle), alt: "", width: 20, height: 20 });
}

/** What stands before a name: a face, a lock, or the sign of a channel. */
function signOf(channel) {
  if (!channel.is_im) return channel.is_private ? icon("lock") : h("span", { class: "sign", "aria-hidden": "true" }, "#");
  const other = channel.members.find((member) => member !== state.me) ?? state.me;
  return face(other === state.app.bot_user ? "deskbell" : (state.users.get(other)?.name ?? "slackbot"));
}

/** Everything new makes a name bold; what was said to the person themselves is counted, as in Slack. */
function channelButton(channel, onclick) {
  const unread = unreadIn(state.me, channel.id);
  const own = channel.is_im ? unread : mentionsIn(state.me, channel.id);
  const isOpen = channel.id === state.channel;
  const name = titleOf(channel, state.me);
  return h(
    "button",
    {
      type: "button",
      class: unread ? "plain unread" : "plain",
      "aria-current": isOpen ? "page" : null,
      "aria-label": unread ? `${name}, ${unread} new${own ? ", for you" : ""}` : name,
      onclick,
    },
    signOf(channel),
    h("span", {}, channel.is_im ? name : channel.name),
    own ? h("span", { class: "count", "aria-hidden": "true" }, String(own)) : null,
  );
}

function appButton(onclick) {
  return h("button", { type: "button", class: "plain", onclick }, face("deskbell"), h("span", {}, nameOf(state.app.bot_user)));
}

/** What time it is in the workspace, and ways to skip some. */
export function drawClock(root) {
  // Its buttons are made once: one that is replaced between press and release loses the click.
  if (root.querySelector("time")) return tick(root);
  const skip = (seconds) => () => perform("skip", { user: state.me, seconds: seconds() });
  const step = (label, name, seconds) =>
    h("button", { type: "button", title: name, "aria-label": name, onclick: skip(seconds) }, label);
  fill(
    root,
    h("time", {}, momentOf(now())),
    step("+15 min", "Skip 15 minutes", () => 900),
    step("+1 h", "Skip an hour", () => 3600),
    step("Tomorrow 9:00", "Skip to tomorrow at nine", untilTomorrowAtNine),
  );
}

/** Keeps the clock going without touching its buttons. */
export function tick(root) {
  const place = root.querySelector("time");
  if (place) place.textContent = momentOf(now());
}
