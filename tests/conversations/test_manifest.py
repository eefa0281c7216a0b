"""The manifest asks for what conversations use, and for nothing else, by Slack's own reference."""

from __future__ import annotations

from bot.manifest import EVENTS, SCOPES
from sandbox.jsontypes import as_text, objects
from sandbox.validation.arguments import ChannelKind, scopes_for
from sandbox.validation.event_scopes import EVENT_SCOPES
from tests.conversations.desk import DESK_YAML, HELP, TRIAGE, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")

DESK = DESK_YAML + (
    "  people:\n"
    "    name: People\n"
    '    request_channels: ["#random"]\n'
    '    triage_channel: "#it-managers"\n'
    "    agents: {usergroup: it-agents}\n"
    '    leads: ["lea@example.com"]\n'
)

UNEXERCISED_EVENTS = {
    "app_uninstalled": "afterwards there is nobody to talk to",
    "tokens_revoked": "afterwards there is nobody to talk to",
}
UNEXERCISED_SCOPES = {
    "commands": "no method or event: it lets people type /ticket and choose the shortcut",
    "chat:write.customize": "an argument of chat.postMessage (username, icon_url), looked at below",
    "files:read": "pictures come with reports, at their hour: tests/records/test_pictures.py",
    "files:write": "the same",
    "users:read.email": "a field of users.list: desk.yaml above names a person by e-mail",
}
MESSAGE_EVENTS = {"channel": "message.channels", "group": "message.groups", "im": "message.im"}


def kinds(desk: Desk) -> dict[str, ChannelKind]:
    """What each conversation is."""
    found: dict[str, ChannelKind] = {}
    for channel in objects(desk.client.workspace().get("channels")):
        name = as_text(channel.get("kind"))
        found[as_text(channel.get("id"))] = (
            "im" if name == "im" else "private" if name == "private" else "public"
        )
    return found


def everything(desk: Desk) -> None:
    """Each kind of gesture once, and each change that the directory follows."""
    client = desk.client
    person = desk.newcomer("Uma", HELP)
    client.open_home(person)
    by_command = desk.raise_by_command(person)
    client.react("ben", TRIAGE, by_command.card, "eyes")
    client.post("ben", TRIAGE, "Hello", by_command.card)
    desk.conversation_says(by_command, "Hello")
    desk.until(lambda: client.calls("reactions.add"), "the emoji of the claim, before it is taken back")
    client.unreact("ben", TRIAGE, by_command.card, "eyes")
    desk.card_says(by_command, "nobody has it yet")
    by_emoji = desk.raise_by_emoji("ana", by="maria")
    desk.conversation_says(by_emoji, by_emoji.number)
    text = something()
    client.post("ana", HELP, f"<@{client.user_id('@app')}> {text}")
    desk.appeared(text)
    channel = client.open_dm("maria")
    ts = client.post("maria", channel, something())
    desk.until(lambda: desk.ours(channel, ts), "the question which desk it is for")
    elsewhere = something()
    client.command(person, "#random", "/ticket", elsewhere)
    assert client.submit(person).acked
    room = client.create_channel("root", "new-room", members=["ben"])
    client.rename("root", room, "renamed-room")
    client.change_channel_id("renamed-room")
    client.delete_channel("root", "renamed-room")
    cave = client.create_channel("root", "new-cave", private=True, members=["@app"])
    client.rename("root", cave, "renamed-cave")
    for left in (client.create_channel("root", "old-room", members=["@app"]), cave):
        client.leave("@app", left)
    client.invite("@app", cave)
    client.leave("root", cave)
    client.delete_channel("root", cave)
    client.add_usergroup("night", "Night shift", ["ben"])
    client.set_usergroup("it-agents", ["ben", "lea", "root"])
    client.change_user("root", display_name="Rob")
    client.leave("gus", HELP)
    desk.settle()


def lose_an_answer(desk: Desk) -> None:
    """In each kind of conversation a post whose answer is lost, so that the bot has to look for it."""
    client = desk.client
    direct = client.open_dm("root")
    for room in (client.channel_id(HELP), client.channel_id(TRIAGE), direct):
        client.fault("lost_answer", "chat.postMessage", contains=f'"{room}"', times=1)
        text = something()
        client.command("root", "#general" if room == direct else HELP, "/ticket", text)
        chosen = {"Who should take care of it?": "IT Service Desk"} if room == direct else {}
        assert client.submit("root", chosen).errors == {}
        desk.settle()
        client.lift()


def test_scopes_and_events_are_those_that_conversations_use(running: Desk) -> None:
    everything(running)
    lose_an_answer(running)
    events = used_events(running)
    scopes = used_scopes(running) | scopes_of(events)
    assert sorted(events | set(UNEXERCISED_EVENTS)) == sorted(EVENTS)
    assert sorted(scopes | set(UNEXERCISED_SCOPES)) == sorted(SCOPES)
    assert any("username" in call.args for call in running.client.calls("chat.postMessage"))
    running.may_log.append("nobody knows whether it was posted; looking soon")
    running.check()


def scopes_of(events: set[str]) -> set[str]:
    """What the events need; of alternatives one is enough, and is needed by a method already."""
    needed = [EVENT_SCOPES[event] for event in events]
    assert all(not scopes or scopes & set(SCOPES) for scopes in needed)
    return {scope for scopes in needed if len(scopes) == 1 for scope in scopes}


def used_events(desk: Desk) -> set[str]:
    """The subscriptions that something was delivered for."""
    used = set()
    for envelope in desk.client.envelopes():
        if envelope.kind == "events_api":
            name = as_text(envelope.event.get("type"))
            kind = as_text(envelope.event.get("channel_type"))
            used.add(MESSAGE_EVENTS[kind] if name == "message" else name)
    return used


def used_scopes(desk: Desk) -> set[str]:
    """The scopes that the methods called and the events delivered need."""
    rooms = kinds(desk)
    used: set[str] = set()
    for call in desk.client.calls():
        if call.method not in ("response_url", "upload") and not call.method.startswith("apps."):
            channel = as_text(call.args.get("channel"))
            needed = scopes_for(call.method, rooms.get(channel))
            types = as_text(call.args.get("types"))
            used |= set(needed) if len(needed) < 2 else by_types(call.method, types, needed)
    return used


def by_types(method: str, types: str, needed: tuple[str, ...]) -> set[str]:
    """Of alternative scopes those that the call asked for: the kinds of conversation it listed or opened."""
    if method == "conversations.open":  # with one person at a time
        return {"im:write"}
    wanted = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read"}
    chosen = {wanted[name] for name in types.split(",") if name in wanted}
    assert chosen, f"{method} may need any of {needed}"
    return chosen
