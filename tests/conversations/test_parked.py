"""What Slack refuses for good is brought back, or given up, by an administrator's button."""

from __future__ import annotations

import json
from functools import partial

from typer.testing import CliRunner

from bot.__main__ import cli
from bot.errors import DeskbellError
from bot.store.lock import FileLock
from sandbox.seen import SeenMessage
from tests.conversations.desk import HELP, TRIAGE, Desk, Log, logging_to

COMBINATIONS = ("http-sqlite",)


def notice(desk: Desk, direct: str, *words: str) -> SeenMessage:
    """The notice in the owner's direct messages, once it says all of this."""

    def look() -> SeenMessage | None:
        found = desk.client.messages(direct)
        return next((m for m in found if m.app_id and all(w in m.everything for w in words)), None)

    return desk.until(look, f"a notice that says {words}", lambda: desk.client.messages(direct))


def test_a_refused_card_is_brought_back_by_an_administrator(desk: Desk) -> None:
    desk.may_log += ["parked", "a desk needs attention"]
    direct = desk.client.open_dm("root")
    triage = f'"channel": "{desk.client.channel_id(TRIAGE)}"'
    desk.client.fault("error", method="chat.postMessage", contains=triage, error="restricted_action")
    ts = desk.client.post("ana", HELP, "The lift is stuck")
    desk.client.react("ana", HELP, ts, "ticket")
    told = notice(desk, direct, "restricted_action")
    desk.client.lift()
    desk.client.click("root", direct, told.ts, "Retry")
    notice(desk, direct, "had it tried again")
    desk.until(lambda: desk.card_about("The lift is stuck"), "the card")


def notices(desk: Desk, direct: str, *words: str) -> list[SeenMessage]:
    found = desk.client.messages(direct)
    return [m for m in found if m.app_id and all(word in m.everything for word in words)]


def deskbell(desk: Desk, *command: str, typed: str = "") -> tuple[int, str]:
    """What a command prints beside the running bot, and its exit code."""
    database = {"DATABASE_URL": desk.settings.database_url}
    with logging_to(Log()):  # the command sets up its own
        done = CliRunner().invoke(cli, command, env=database, input=typed)
    error = str(done.exception) if isinstance(done.exception, DeskbellError) else ""
    return done.exit_code, done.output + error


def parked_card(desk: Desk, direct: str, title: str, error: str) -> SeenMessage:
    """A card that Slack refuses for good; the notice of it. One refusal is told once, so each has its own."""
    desk.may_log += ["parked", "a desk needs attention"]
    triage = f'"channel": "{desk.client.channel_id(TRIAGE)}"'
    fault = desk.client.fault("error", method="chat.postMessage", contains=triage, error=error)
    ts = desk.client.post("ana", HELP, title)
    desk.client.react("ana", HELP, ts, "ticket")

    told = notice(desk, direct, error)
    desk.client.lift(fault)
    return told


def test_what_is_parked_is_told_once_listed_and_given_up_by_an_administrator(desk: Desk) -> None:
    direct = desk.client.open_dm("root")
    told = parked_card(desk, direct, "The door \x1b[2J is locked", "message_limit_exceeded")
    code, listed = deskbell(desk, "outbox", "list")
    assert code == 0
    assert "parked since" in listed
    assert "message_limit_exceeded" in listed
    assert "\x1b" not in listed
    code, data = deskbell(desk, "outbox", "list", "--json")
    (entry,) = [each for each in json.loads(data) if each["state"] == "parked"]
    desk.client.click("root", direct, told.ts, "Drop")
    notice(desk, direct, "message_limit_exceeded", "gave it up")
    desk.settle()
    assert deskbell(desk, "outbox", "list") == (0, "Nothing is parked, uncertain or late.\n")
    assert desk.card_about("is locked") is None
    assert len(notices(desk, direct, "message_limit_exceeded")) == 1
    assert entry["key"].startswith("card:")


def test_the_commands_refuse_to_write_beside_the_bot_and_say_which_button_does_it(desk: Desk) -> None:
    with FileLock(desk.settings.database_url):  # as `deskbell run` holds it
        for command in (
            ("retry", "--all"),
            ("retry", "card:1"),
            ("drop", "card:1", "--yes"),
            ("drop", "--all", "--yes"),
        ):
            code, said = deskbell(desk, "outbox", *command)
            assert code == 1
            assert "press Retry or Drop in the notice" in said
            assert len(said.splitlines()) == 1
    for verb in ("retry", "drop"):
        assert deskbell(desk, "outbox", verb)[0] == 2
        assert deskbell(desk, "outbox", verb, "card:1", "--all")[0] == 2
    for command in (("retry", "nothing"), ("drop", "nothing", "--yes")):
        code, said = deskbell(desk, "outbox", *command)
        assert (code, len(said.splitlines())) == (1, 1)
        assert "outbox list" in said


def test_everything_parked_is_given_up_at_once_after_a_question_that_names_it(desk: Desk) -> None:
    direct = desk.client.open_dm("root")
    parked_card(desk, direct, "The roof leaks", "is_archived")
    parked_card(desk, direct, "The bell is mute", "not_in_channel")
    code, asked = deskbell(desk, "outbox", "drop", "--all", typed="n\n")
    assert code == 1
    assert "Never deliver these 2 (card:" in asked
    assert "parked since" in deskbell(desk, "outbox", "list")[1]

    assert deskbell(desk, "outbox", "drop", "--all", "--yes") == (
        0,
        "Dropped: 2. What is dropped stays on record.\n",
    )
    assert deskbell(desk, "outbox", "list") == (0, "Nothing is parked, uncertain or late.\n")
    assert deskbell(desk, "outbox", "drop", "--all") == (0, "Nothing is parked.\n")
    assert desk.card_about("The roof leaks") is None


def test_pressing_twice_tries_once(desk: Desk) -> None:
    direct = desk.client.open_dm("root")
    told = parked_card(desk, direct, "The window is open", "no_permission")
    desk.client.click("root", direct, told.ts, "Retry")
    notice(desk, direct, "no_permission", "had it tried again")
    payload = desk.client.envelopes("block_actions")[-1].payload
    assert desk.send(payload, as_form=True) == 200
    desk.until(lambda: desk.card_about("The window is open"), "the card")
    desk.settle()
    assert desk.card_about("The window is open") is not None


def test_what_slack_never_accepts_is_told_once_and_holds_nobody_up(desk: Desk) -> None:
    desk.may_log += ["parked", "a desk needs attention"]
    direct = desk.client.open_dm("root")
    desk.client.fault("error", method="chat.*", contains="Poisoned", error="invalid_blocks")
    raised = ["Poisoned printer", "A lamp is out", "Poisoned scanner", "The door sticks"]
    for words in raised:
        desk.client.react("ana", HELP, desk.client.post("ana", HELP, words), "ticket")
    for words in raised[1::2]:
        desk.until(partial(desk.card_about, words), f"the card about {words}")
    notice(desk, direct, "invalid_blocks")
    about = [m for m in desk.client.messages(direct) if "invalid_blocks" in m.everything]
    assert len(about) == 1
    posts = [call for call in desk.client.calls("chat.postMessage") if "Poisoned" in str(call.args)]
    keys = [str(call.args["metadata"]) for call in posts]
    assert len(keys) == len(set(keys)), "what Slack refused for good was tried again"
    desk.client.lift()
    desk.client.click("root", direct, about[0].ts, "Retry")
    for words in raised[::2]:
        desk.until(partial(desk.card_about, words), f"the card about {words}")
