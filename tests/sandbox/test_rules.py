"""Slack's rules about messages, rooms and forms, called without a network."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable

import pytest

from sandbox import clock as clocks
from sandbox.delivery import Answer, EnvelopeKind, Outgoing
from sandbox.entities import Message
from sandbox.interactions import Interactions, NotPossible
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.seed import UserSeed
from tests.sandbox.driving import BLOCKS, HOME, MODAL, Drive, granted

LONG: JsonObject = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}
LINK: JsonObject = {
    "type": "button",
    "action_id": "link",
    "text": {"type": "plain_text", "text": "Look"},
    "url": "https://example.com/1",
}
PICKER: JsonObject = {
    "type": "actions",
    "block_id": "row",
    "elements": [{"type": "external_select", "action_id": "pick", "min_query_length": 0}],
}


class Scripted:
    """A transport whose app answers with what it is told to."""

    name = "scripted"

    def __init__(self) -> None:
        self.ack: JsonObject = {}

    async def send(self, outgoing: Outgoing, timeout: float) -> Answer:
        return Answer("acked", self.name, self.ack)


def driven(work: Callable[[Drive], Awaitable[None] | None], manifest: JsonObject | None = None) -> None:
    """Runs `work` on a workspace inside an event loop."""

    async def run() -> None:
        drive = Drive(manifest)
        done = work(drive)
        if done is not None:
            await done
        await drive.sandbox.close()

    asyncio.run(run())


def kinds(drive: Drive) -> list[str]:
    """The breaches on record."""
    return [violation.kind for violation in drive.sandbox.journal.violations]


# -- errors -----------------------------------------------------------------------------------------------


def _errors(drive: Drive) -> JsonObject:
    """What the arguments below name: `closed` is archived, the app is not in `random`."""
    space, bot = drive.space, drive.sandbox.app.bot_user
    closed = space.create_channel("closed", creator=bot)
    left = space.post(closed, Message(closed.id, "", "x", user=drive.ana)).ts
    space.set_archived(closed, archived=True, actor=drive.ana)
    return {
        "room": drive.room.id,
        "closed": closed.id,
        "left": left,
        "random": space.channel("random").id,
        "private": space.channel("it-triage").id,
        "asked": drive.asked,
        "own": drive.own(),
        "ana": drive.ana,
        "dora": space.user("dora").id,
        "stranger": space.add_user(UserSeed("out", "Outsider")).id,
        "trigger": drive.trigger(),
        "file": [{"id": drive.upload()}],
        "long": "x" * 40_001,
        "unfurls": {"https://other.example": {"text": "x"}},
        "modal": MODAL,
    }


@pytest.mark.parametrize(
    "row",
    [
        "chat.postMessage channel=C0 text=x: channel_not_found",
        "chat.postMessage channel=@random text=x: not_in_channel",
        "chat.postMessage channel=@closed text=x: is_archived",
        "chat.postMessage channel=@room text=x thread_ts=1.000001: invalid_thread_ts",
        "chat.postMessage channel=@room text=x thread_ts=1700000000.000001: cannot_reply_to_message",
        "chat.postEphemeral channel=@room user=@stranger text=x: user_not_in_channel",
        "chat.postEphemeral channel=@random user=@ana text=x: not_in_channel",
        "chat.postEphemeral channel=@room user=@ana text=@long: msg_too_long",
        "chat.update channel=@room ts=@asked text=x: cant_update_message",
        "chat.update channel=@room ts=1.000001 text=x: message_not_found",
        "chat.update channel=@room ts=@own text=@long: msg_too_long",
        "chat.update channel=C0 ts=@own text=x: channel_not_found",
        "chat.delete channel=@room ts=@asked: cant_delete_message",
        "chat.delete channel=@room ts=1.000001: message_not_found",
        "chat.getPermalink channel=@room message_ts=1.000001: message_not_found",
        "chat.unfurl channel=@room ts=@asked unfurls=@unfurls: cannot_unfurl_url",
        "views.update view_id=V0 view=@modal: not_found",
        "views.push trigger_id=@trigger view=@modal: not_found",
        "views.open trigger_id=@trigger view=x: invalid_arguments",
        "reactions.add channel=@room timestamp=@asked name=nonsense: invalid_name",
        "reactions.add channel=@room timestamp=later name=eyes: bad_timestamp",
        "reactions.add channel=@room timestamp=1.000001 name=eyes: message_not_found",
        "reactions.add channel=@room name=eyes: no_item_specified",
        "reactions.add channel=@closed timestamp=@left name=eyes: is_archived",
        "reactions.add channel=@random timestamp=@asked name=eyes: not_in_channel",
        "reactions.remove channel=@room timestamp=@asked name=eyes: no_reaction",
        "conversations.join channel=@private: method_not_supported_for_channel_type",
        "conversations.join channel=@closed: is_archived",
        "conversations.history channel=@random: not_in_channel",
        "conversations.invite channel=@room users=@ana: already_in_channel",
        "conversations.open users=@dora: user_disabled",
        "conversations.open users=U0: user_not_found",
        "users.info user=U0: user_not_found",
        "users.lookupByEmail email=nobody@example.com: users_not_found",
        "usergroups.users.list usergroup=S0: no_such_subteam",
        "files.completeUploadExternal files=@file channel_id=@random: not_in_channel",
        "files.info file=F0: file_not_found",
    ],
)
def test_what_cannot_be_done_has_slacks_error(row: str) -> None:
    call, _, error = row.rpartition(": ")
    method, *given = call.split()

    def work(drive: Drive) -> None:
        known = _errors(drive)
        named = dict(pair.split("=", 1) for pair in given)
        args = {key: known[value[1:]] if value.startswith("@") else value for key, value in named.items()}
        assert drive.call(method, **args)["error"] == error

    driven(work)


def test_what_the_manifest_leaves_off_is_not_there() -> None:
    manifest = copy.deepcopy(granted())
    as_object(manifest["features"])["app_home"] = {"home_tab_enabled": False, "messages_tab_enabled": False}
    del as_object(manifest["features"])["shortcuts"]
    as_object(manifest["settings"])["interactivity"] = {"is_enabled": False}

    async def work(drive: Drive) -> None:
        home = drive.call("views.publish", user_id=drive.ana, view=HOME)
        assert home["error"] == "not_enabled"
        assert drive.call("chat.postMessage", channel=drive.ana, text="x")["error"] == "messages_tab_disabled"
        card = drive.room.messages[drive.own(blocks=BLOCKS)]
        with pytest.raises(NotPossible, match="does not enable interactivity"):
            await Interactions(drive.sandbox).click_message(
                user=drive.ana, message=card, reference="Go", value=None
            )

    driven(work, manifest)


@pytest.mark.parametrize("kind", [{}, ["section"], 7, None])
def test_a_lenient_sandbox_takes_any_block_and_does_not_stumble(kind: object) -> None:
    def work(drive: Drive) -> None:
        drive.sandbox.settings.change({"strict": False})
        blocks = [{"type": kind, "elements": [{"type": kind}], "accessory": {"type": kind}}]
        posted = drive.call("chat.postMessage", channel=drive.room.id, text="x", blocks=blocks)
        assert posted["ok"] is True
        assert kinds(drive) == ["invalid_blocks"]

    driven(work)


# -- messages ---------------------------------------------------------------------------------------------


def test_blocks_that_are_long_together_are_refused_when_posted_only() -> None:
    def work(drive: Drive) -> None:
        room, many = drive.room.id, [LONG] * 5
        posted = drive.call("chat.postMessage", channel=room, text="x", blocks=many)
        assert posted["error"] == "msg_blocks_too_long"
        assert drive.call("chat.postMessage", channel=room, text="x", blocks=many[:4])["ok"] is True
        assert drive.call("chat.update", channel=room, ts=drive.own(), text="x", blocks=many)["ok"] is True

    driven(work)


def test_a_workspace_may_close_the_window_for_edits() -> None:
    def work(drive: Drive) -> None:
        own = drive.own()
        drive.sandbox.settings.change({"edit_window": 60})
        assert drive.call("chat.update", channel=drive.room.id, ts=own, text="soon")["ok"] is True
        drive.room.messages[own].posted_at_real = clocks.real() - 61
        late = drive.call("chat.update", channel=drive.room.id, ts=own, text="late")
        assert late["error"] == "edit_window_closed"
        assert kinds(drive) == []

    driven(work)


def test_nothing_is_edited_in_an_archived_channel() -> None:
    def work(drive: Drive) -> None:
        own = drive.own()
        drive.space.set_archived(drive.room, archived=True, actor=drive.ana)
        answer = drive.call("chat.update", channel=drive.room.id, ts=own, text="ho")
        assert answer["error"] == "is_inactive"

    driven(work)


def test_a_thread_whose_parent_is_gone_takes_no_replies() -> None:
    def work(drive: Drive) -> None:
        gone = drive.own()
        drive.call("chat.delete", channel=drive.room.id, ts=gone)
        for method in ("chat.postMessage", "chat.scheduleMessage"):
            later = int(drive.space.clock.now()) + 60
            more = {"post_at": later} if method == "chat.scheduleMessage" else {}
            answer = drive.call(method, channel=drive.room.id, text="x", thread_ts=gone, **more)
            assert answer["error"] == "cannot_reply_to_message"

    driven(work)


def test_an_update_that_says_only_text_takes_the_blocks_away() -> None:
    def work(drive: Drive) -> None:
        own = drive.own(blocks=BLOCKS)
        drive.call("chat.update", channel=drive.room.id, ts=own, text="plain")
        assert drive.room.messages[own].blocks == []

    driven(work)


# -- reactions, pins --------------------------------------------------------------------------------------


def test_skin_tones_are_part_of_a_reactions_name() -> None:
    def work(drive: Drive) -> None:
        at = {"channel": drive.room.id, "timestamp": drive.asked}
        assert drive.call("reactions.add", **at, name="thumbsup::skin-tone-2")["ok"] is True
        assert drive.call("reactions.add", **at, name="+1::skin-tone-7")["error"] == "invalid_name"
        [event] = [as_object(p["event"]) for name, p in drive.envelopes() if name == "reaction_added"]
        assert event["reaction"] == "+1::skin-tone-2"

    driven(work)


def test_of_many_reactions_the_same_one_is_told_as_such() -> None:
    def work(drive: Drive) -> None:
        at = {"channel": drive.room.id, "timestamp": drive.asked}
        message, bot = drive.room.messages[drive.asked], drive.sandbox.app.bot_user
        names = ["eyes", *(f"custom-{number}" for number in range(22))]
        message.reactions = {name: [bot] for name in names}
        assert drive.call("reactions.add", **at, name="eyes")["error"] == "already_reacted"
        assert drive.call("reactions.add", **at, name="ticket")["error"] == "too_many_reactions"
        message.reactions = {f"custom-{number}": [drive.ana] for number in range(50)}
        assert drive.call("reactions.add", **at, name="ticket")["error"] == "too_many_emoji"
        assert drive.call("reactions.remove", **at, name="ticket")["error"] == "no_reaction"

    driven(work)


def test_a_channel_holds_a_hundred_pins() -> None:
    def work(drive: Drive) -> None:
        drive.room.pins = [f"1.{number:06}" for number in range(100)]
        answer = drive.call("pins.add", channel=drive.room.id, timestamp=drive.asked)
        assert answer["error"] == "too_many_pins"

    driven(work)


# -- rooms ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("conversations.create", {"name": "---"}, "invalid_name_punctuation"),
        ("conversations.create", {"name": "a" * 81}, "invalid_name_maxlength"),
        ("conversations.create", {"name": "Über uns"}, "invalid_name_specials"),
        ("conversations.create", {"name": "it-help"}, "name_taken"),
        ("conversations.open", {"users": "@app"}, "not_enough_users"),
        ("conversations.open", {"users": " , "}, "users_list_not_supplied"),
        ("conversations.open", {"users": ",".join(f"U{n}" for n in range(9))}, "too_many_users"),
        (
            "conversations.invite",
            {"channel": "@ana", "users": "ben"},
            "method_not_supported_for_channel_type",
        ),
        ("conversations.invite", {"channel": "#it-help", "users": ","}, "no_user"),
        ("conversations.invite", {"channel": "#it-help", "users": "@app"}, "cant_invite_self"),
        ("conversations.history", {"channel": "#it-help", "latest": "nan"}, "invalid_ts_latest"),
        ("conversations.history", {"channel": "#it-help", "oldest": "1e3"}, "invalid_ts_oldest"),
        ("conversations.replies", {"channel": "#it-help", "ts": "1.000001"}, "thread_not_found"),
    ],
)
def test_what_slack_refuses_has_slacks_name(method: str, arguments: dict[str, str], error: str) -> None:
    def work(drive: Drive) -> None:
        space = drive.space
        known = {
            "@app": drive.sandbox.app.bot_user,
            "@ana": space.open_im(drive.sandbox.app.bot_user, drive.ana).id,
            "#it-help": drive.room.id,
        }
        answer = drive.call(method, **{key: known.get(value, value) for key, value in arguments.items()})
        assert answer["error"] == error

    driven(work)


def test_leaving_is_said_in_the_channel() -> None:
    def work(drive: Drive) -> None:
        drive.space.leave(drive.room, drive.ana)
        [event] = [as_object(p["event"]) for name, p in drive.envelopes() if name == "message.channel_leave"]
        assert event["text"] == f"<@{drive.ana}> has left the channel"

    driven(work)


# -- files ------------------------------------------------------------------------------------------------


def test_a_file_is_shared_after_the_answer() -> None:
    async def work(drive: Drive) -> None:
        args: JsonObject = {"files": [{"id": drive.upload()}], "channel_id": drive.room.id}
        answer = drive.call("files.completeUploadExternal", **args)
        assert objects(answer["files"])[0]["channels"] == []
        assert not any(message.files for message in drive.room.messages.values())
        while not any(message.files for message in drive.room.messages.values()):
            await asyncio.sleep(0)
        assert [name for name, _ in drive.envelopes()][-1] == "message.file_share"

    driven(work)


def test_a_file_goes_to_a_hundred_channels_at_most() -> None:
    def work(drive: Drive) -> None:
        channels = ",".join([drive.room.id] * 101)
        answer = drive.call("files.completeUploadExternal", files=[{"id": drive.upload()}], channels=channels)
        assert answer["error"] == "channels_limit_exceeded"

    driven(work)


# -- forms ------------------------------------------------------------------------------------------------


def test_an_external_id_is_unique_among_homes_too() -> None:
    def work(drive: Drive) -> None:
        drive.call("views.open", trigger_id=drive.trigger(), view=MODAL | {"external_id": "one"})
        home = HOME | {"external_id": "one"}
        taken = drive.call("views.publish", user_id=drive.ana, view=home)
        assert taken["error"] == "duplicate_external_id"
        home["external_id"] = "two"
        assert drive.call("views.publish", user_id=drive.ana, view=home)["ok"] is True
        assert drive.call("views.publish", user_id=drive.ana, view=home)["ok"] is True

    driven(work)


def test_everybody_has_a_stack_of_forms_of_their_own() -> None:
    def work(drive: Drive) -> None:
        ben = drive.space.user("ben").id
        for user in (drive.ana, ben):
            drive.call("views.open", trigger_id=drive.space.new_trigger(user).id, view=MODAL)
        drive.call("views.push", trigger_id=drive.space.new_trigger(ben).id, view=MODAL)
        assert [len(drive.space.screens.stack(user)) for user in (drive.ana, ben)] == [1, 2]

    driven(work)


def submitting(ack: JsonObject, *, opened: int = 1) -> tuple[list[str], int, str]:
    """The breaches, how many forms are open and the title of the visible one, after such an answer."""
    result: list[tuple[list[str], int, str]] = []

    async def work(drive: Drive) -> None:
        transport = Scripted()
        drive.sandbox.delivery.transport = transport
        screens = drive.space.screens
        screens.open(drive.space.user("ben").id, MODAL | {"external_id": "taken"})
        screens.open(drive.ana, MODAL | {"external_id": "own"})
        for _ in range(opened - 1):
            screens.push(drive.ana, MODAL)
        transport.ack = ack
        view = screens.top(drive.ana)
        assert view is not None
        await Interactions(drive.sandbox).submit(view=view, values={"Words": "x"})
        top = screens.top(drive.ana)
        title = as_text(as_object(top.content["title"])["text"]) if top else ""
        result.append((kinds(drive), len(screens.stack(drive.ana)), title))

    driven(work)
    return result[0]


NEXT: JsonObject = MODAL | {"title": {"type": "plain_text", "text": "Next"}}


@pytest.mark.parametrize(
    ("ack", "opened", "forms", "title"),
    [
        ({}, 1, 0, ""),
        ({}, 2, 1, "Form"),
        ({"response_action": "clear"}, 3, 0, ""),
        ({"response_action": "update", "view": NEXT | {"external_id": "own"}}, 1, 1, "Next"),
        ({"response_action": "push", "view": NEXT}, 2, 3, "Next"),
    ],
)
def test_an_answer_to_a_submission_does_what_it_says(
    ack: JsonObject, opened: int, forms: int, title: str
) -> None:
    assert submitting(ack, opened=opened) == ([], forms, title)


@pytest.mark.parametrize(
    ("ack", "opened", "breach"),
    [
        ({"response_action": "update", "view": HOME}, 1, "bad_response_action"),
        ({"response_action": "update"}, 1, "bad_response_action"),
        ({"response_action": "update", "view": NEXT | {"external_id": "taken"}}, 1, "duplicate_external_id"),
        ({"response_action": "push", "view": NEXT | {"external_id": "own"}}, 1, "duplicate_external_id"),
        ({"response_action": "push", "view": NEXT}, 3, "push_limit_reached"),
        ({"response_action": "push", "view": {"type": "modal", "blocks": []}}, 1, "invalid_arguments"),
        ({"response_action": "close"}, 1, "bad_response_action"),
        ({"text": "Thank you"}, 1, "bad_response_action"),
        ({"response_action": "errors", "errors": {"other": "x"}}, 1, "bad_errors"),
        ({"response_action": "errors", "errors": {"words": ""}}, 1, "bad_errors"),
        ({"response_action": "errors"}, 1, "bad_errors"),
    ],
)
def test_a_wrong_answer_to_a_submission_leaves_the_form_open(
    ack: JsonObject, opened: int, breach: str
) -> None:
    breaches, forms, title = submitting(ack, opened=opened)
    assert (set(breaches), forms, title) == ({breach}, opened, "Form")


@pytest.mark.parametrize(
    ("ack", "breaches", "offered"),
    [
        ({"options": [{"text": {"type": "plain_text", "text": "A"}, "value": "a"}]}, [], 1),
        ({"options": []}, [], 0),
        ({}, ["bad_options"], 0),
        ({"options": [{"text": {"type": "mrkdwn", "text": "A"}, "value": "a"}]}, ["bad_options"], 0),
        ({"options": [{"text": {"type": "plain_text", "text": "A" * 76}, "value": "a"}]}, ["bad_options"], 0),
    ],
)
def test_suggestions_are_judged_before_they_are_shown(
    ack: JsonObject, breaches: list[str], offered: int
) -> None:
    async def work(drive: Drive) -> None:
        transport = Scripted()
        drive.sandbox.delivery.transport = transport
        message = drive.room.messages[drive.own(blocks=[PICKER])]
        transport.ack = ack
        found = await Interactions(drive.sandbox).suggest(
            user=drive.ana, holder=message, reference="pick", query="a"
        )
        assert (kinds(drive), len(found)) == (breaches, offered)

    driven(work)


def test_a_button_that_leads_elsewhere_is_told_to_the_app_all_the_same() -> None:
    async def work(drive: Drive) -> None:
        message = drive.room.messages[drive.own(blocks=[{"type": "actions", "elements": [LINK]}])]
        await Interactions(drive.sandbox).click_message(
            user=drive.ana, message=message, reference="Look", value=None
        )
        name, payload = list(drive.envelopes())[-1]
        assert (name, objects(payload["actions"])[0]["url"]) == ("block_actions link", LINK["url"])

    driven(work)


@pytest.mark.parametrize(
    ("kind", "payload_type", "accepts"),
    [
        ("slash_commands", None, True),
        ("interactive", "view_submission", True),
        ("interactive", "block_suggestion", True),
        ("interactive", "block_actions", False),
        ("interactive", "message_action", False),
        ("interactive", "shortcut", False),
        ("interactive", "view_closed", False),
        ("events_api", "event_callback", False),
    ],
)
def test_an_acknowledgement_may_speak_where_somebody_waits_for_it(
    kind: EnvelopeKind, payload_type: str | None, accepts: bool
) -> None:
    assert Outgoing("E", kind, {"type": payload_type}).accepts_response is accepts
