"""What is passed on in somebody's name, and the short messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.models.vocabulary import State
from bot.surfaces import notices
from bot.surfaces.commands import Mistyped
from bot.surfaces.instants import NaiveInstantError, fallback
from bot.surfaces.relay import attribution, relayed
from bot.surfaces.rendered import Rendered
from bot.workflows.reading import PersonView, TicketView
from tests.unit.surfaces.builders import (
    ANA,
    BEN,
    LEA,
    MONDAY,
    assert_postable,
    comment,
    labels,
    spoken,
    ticket,
)


def test_a_relay_shows_mentions_as_names_and_pings_nobody() -> None:
    rendered = relayed(comment("<@U0LEA> and <!channel> look", names={"U0LEA": "Lea Brandt"}))
    assert rendered.text == "@Lea Brandt and @channel look"
    assert spoken(rendered) == "@Lea Brandt and @channel look"
    assert "<@" not in str(rendered.blocks)
    assert_postable(rendered)


def test_a_message_of_four_thousand_characters_is_passed_on_whole() -> None:
    written = "word " * 800
    assert spoken(relayed(comment(written))) == written.strip()


def test_a_longer_message_is_cut_and_says_so() -> None:
    rendered = relayed(comment("x" * 12_000))
    assert "longer than fits here" in spoken(rendered)
    assert "longer than fits here" in rendered.text
    assert_postable(rendered)


def test_files_are_links_to_where_they_are() -> None:
    files = (("photo.png", "https://example.slack.com/files/1"), ("bad", "javascript:alert(1)"))
    rendered = relayed(replace(comment("see"), files=files))
    assert rendered.text == "see\nAttached: <https://example.slack.com/files/1|photo.png>, bad"
    assert "javascript" not in str(rendered.blocks)
    assert_postable(rendered)


def test_a_message_of_files_alone_is_passed_on() -> None:
    rendered = relayed(replace(comment(""), files=(("photo.png", "https://example.slack.com/files/1"),)))
    assert rendered.text.startswith("Attached: ")
    assert_postable(rendered)


def test_a_deleted_message_says_so_and_shows_nothing_of_it() -> None:
    rendered = relayed(replace(comment("my password is hunter2"), deleted=True))
    assert rendered.text == "This message was removed."
    assert "hunter2" not in str(rendered.blocks)
    assert [block["type"] for block in rendered.blocks] == ["rich_text"]
    assert_postable(rendered)


def test_an_empty_message_is_still_a_message() -> None:
    assert_postable(relayed(comment("\u200b")))


def test_a_relay_goes_under_the_authors_name_and_picture() -> None:
    assert attribution(comment("x")) == {"username": "Ana Ruiz", "icon_url": ANA.image_url}


@pytest.mark.parametrize(
    ("name", "username"),
    [
        ("Ben\n\u202eOkafor", "Ben Okafor"),
        ("\u200b", "Somebody"),
        ("x" * 200, "x" * 79 + "…"),
        ("🔥 Ana", "🔥 Ana"),
    ],
)
def test_a_name_that_is_posted_under_is_one_clean_line(name: str, username: str) -> None:
    assert attribution(comment("x", author=PersonView(id="U1", name=name))) == {"username": username}


def test_a_picture_must_have_a_web_address() -> None:
    author = replace(ANA, image_url="data:image/png;base64,AAAA")
    assert "icon_url" not in attribution(comment("x", author=author))


def test_the_assignee_is_told_by_mention_and_by_whom() -> None:
    rendered = notices.assigned(ticket(assignee=BEN), LEA)
    assert rendered.text == "<@U0BEN>, Lea Brandt assigned INC-12 to you: Printer on floor 3 is on fire"
    assert_postable(rendered)


def test_a_notice_of_assignment_needs_an_assignee() -> None:
    with pytest.raises(ValueError, match="INC-12 has no assignee"):
        notices.assigned(ticket(), LEA)


def test_who_claims_too_late_is_told_who_has_it() -> None:
    rendered = notices.lost_race(ticket(state=State.ASSIGNED, assignee=BEN))
    assert rendered.text == "Ben Okafor was a moment faster and has INC-12 now. Nothing for you to do."


@pytest.mark.parametrize("notice", [notices.raised, notices.already_raised])
def test_a_pointer_to_a_ticket_links_its_conversation(notice: Callable[[TicketView], Rendered]) -> None:
    rendered = notice(ticket())
    assert "INC-12" in rendered.text
    assert "|Conversation>" in rendered.text
    assert_postable(rendered)


def test_a_mistyped_command_is_answered_with_what_was_meant_and_with_how_to_raise() -> None:
    rendered = notices.mistyped(Mistyped("<!channel>hlep", "help"))
    assert "Did you mean /ticket help?" in rendered.text
    assert "/ticket alone" in rendered.text
    assert_postable(rendered)


def test_an_administrator_is_told_what_and_how_to_fix_it() -> None:
    rendered = notices.administrator_notice(
        "A message could not be delivered", "#it-triage: not_in_channel", "invite the bot."
    )
    assert rendered.text.splitlines() == [
        "⚠️ A message could not be delivered",
        "#it-triage: not_in_channel",
        "To fix it: invite the bot.",
    ]
    assert labels(rendered) == []
    assert_postable(rendered)


def test_instants_fall_back_to_utc_and_must_have_a_zone() -> None:
    assert fallback(MONDAY) == "2026-03-02 09:00 UTC"
    with pytest.raises(NaiveInstantError):
        fallback(MONDAY.replace(tzinfo=None))


def test_a_relay_full_of_quotes_is_cut_until_slack_takes_it() -> None:
    for text in ('"\\\n' * 2600, "<https://example.com/a|b> " * 300, "🖨" * 7900):
        assert_postable(relayed(comment(text)))
