"""One call of each method that works, in an order in which each finds what it needs."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.jsontypes import JsonObject, as_object, as_text
from tests.sandbox.driving import BLOCKS, HOME, MODAL, Drive

Calls = Iterator[tuple[str, JsonObject]]


def good_calls(drive: Drive) -> Calls:
    """Method and arguments; the caller makes each call before it asks for the next."""
    yield from _describing(drive)
    yield from _messages(drive)
    yield from _marks(drive)
    yield from _views(drive)
    yield from _files(drive)
    yield from _groups(drive)
    yield from _channels(drive)


def _describing(drive: Drive) -> Calls:
    room, ana = drive.room.id, drive.ana
    for name in ("auth.test", "apps.connections.open", "team.info", "bots.info", "emoji.list", "users.list"):
        yield name, {}
    yield "conversations.list", {"types": "public_channel,private_channel,im"}
    yield "users.conversations", {}
    yield "conversations.info", {"channel": room, "include_num_members": True}
    yield "conversations.members", {"channel": room}
    yield "users.lookupByEmail", {"email": "ana@example.com"}
    for name in ("users.info", "users.profile.get", "users.getPresence"):
        yield name, {"user": ana}


def _messages(drive: Drive) -> Calls:
    room = drive.room.id
    metadata = {"event_type": "probe", "event_payload": {"key": "1"}}
    yield "chat.postMessage", {"channel": room, "text": "hi", "blocks": BLOCKS, "metadata": metadata}
    yield "chat.postMessage", {"channel": room, "text": "reply", "thread_ts": drive.asked}
    yield "chat.postMessage", {"channel": drive.ana, "text": "hi"}
    yield "chat.update", {"channel": room, "ts": drive.own(), "text": "ho"}
    yield "chat.delete", {"channel": room, "ts": drive.own()}
    yield "chat.postEphemeral", {"channel": room, "user": drive.ana, "text": "psst"}
    yield "chat.meMessage", {"channel": room, "text": "waves"}
    yield "chat.getPermalink", {"channel": room, "message_ts": drive.asked}
    yield (
        "chat.unfurl",
        {"channel": room, "ts": drive.asked, "unfurls": {"https://example.com/1": {"text": "x"}}},
    )
    later = int(drive.space.clock.now()) + 600
    yield "chat.scheduleMessage", {"channel": room, "text": "later", "post_at": later}
    yield "chat.scheduledMessages.list", {}
    waiting = next(iter(drive.space.scheduled))
    yield "chat.deleteScheduledMessage", {"channel": room, "scheduled_message_id": waiting}
    yield "conversations.history", {"channel": room, "limit": 3, "include_all_metadata": True}
    yield "conversations.replies", {"channel": room, "ts": drive.asked}
    yield "conversations.mark", {"channel": room, "ts": drive.asked}


def _marks(drive: Drive) -> Calls:
    at: JsonObject = {"channel": drive.room.id, "timestamp": drive.asked}
    for name in ("reactions.add", "reactions.get", "reactions.list", "reactions.remove"):
        yield (
            name,
            {} if name == "reactions.list" else at if name == "reactions.get" else at | {"name": "eyes"},
        )
    yield "pins.add", at
    yield "pins.list", {"channel": drive.room.id}
    yield "pins.remove", at
    where: JsonObject = {"channel_id": drive.room.id}
    yield "bookmarks.add", where | {"title": "Desk", "type": "link", "link": "https://example.com"}
    yield "bookmarks.list", where
    mark = {"bookmark_id": drive.room.bookmarks[0]["id"]}
    yield "bookmarks.edit", where | mark | {"title": "The desk"}
    yield "bookmarks.remove", where | mark


def _views(drive: Drive) -> Calls:
    yield "views.open", {"trigger_id": drive.trigger(), "view": MODAL}
    yield "views.push", {"trigger_id": drive.trigger(), "view": MODAL}
    top = drive.space.screens.top(drive.ana)
    yield "views.update", {"view_id": top.id if top else "", "view": MODAL}
    yield "views.publish", {"user_id": drive.ana, "view": HOME}


def _files(drive: Drive) -> Calls:
    yield "files.getUploadURLExternal", {"filename": "a.txt", "length": 2}
    file = drive.upload()
    yield "files.completeUploadExternal", {"files": [{"id": file}], "channel_id": drive.room.id}
    yield "files.info", {"file": file}


def _groups(drive: Drive) -> Calls:
    yield "usergroups.create", {"name": "Night shift", "handle": "night"}
    group = next(group.id for group in drive.space.usergroups.values() if group.handle == "night")
    yield "usergroups.users.update", {"usergroup": group, "users": drive.ana}
    yield "usergroups.users.list", {"usergroup": group}
    yield "usergroups.update", {"usergroup": group, "name": "Nights"}
    yield "usergroups.list", {"include_users": True}
    yield "usergroups.disable", {"usergroup": group}
    yield "usergroups.enable", {"usergroup": group}


def _channels(drive: Drive) -> Calls:
    yield "conversations.join", {"channel": drive.space.channel("random").id}
    yield "conversations.open", {"users": drive.ana, "return_im": True}
    dm = as_text(as_object(drive.call("conversations.open", users=drive.ana)["channel"])["id"])
    yield "conversations.close", {"channel": dm}
    yield "conversations.create", {"name": "made-here"}
    made: JsonObject = {"channel": drive.space.channel("made-here").id}
    yield "conversations.invite", made | {"users": drive.ana}
    yield "conversations.setTopic", made | {"topic": "Topic"}
    yield "conversations.setPurpose", made | {"purpose": "Purpose"}
    yield "conversations.rename", made | {"name": "renamed-here"}
    yield "conversations.kick", made | {"user": drive.ana}
    yield "conversations.archive", made
    yield "conversations.unarchive", made
    yield "conversations.leave", made
