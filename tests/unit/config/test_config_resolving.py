from __future__ import annotations

import pytest

from bot.config import (
    Ambiguous,
    ChannelCard,
    ChannelRef,
    PersonCard,
    PersonRef,
    Unresolved,
    resolve_channel,
    resolve_person,
)

LEA = PersonCard("U1", handle="lea", display_name="Lea Meier", email="lea@example.org")
MAX = PersonCard("U2", handle="max", display_name="lea", email="Max@Example.org")
TWIN = PersonCard("U3", handle="twin1", display_name="Twin")
OTHER_TWIN = PersonCard("U4", handle="twin2", display_name="twin")
NAMELESS = PersonCard("U5", handle="quiet", display_name="")
PEOPLE = (LEA, MAX, TWIN, OTHER_TWIN, NAMELESS)
CHANNELS = (ChannelCard("C1", "it-help"), ChannelCard("C2", "it-triage"))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("U2", "U2"),
        ("LEA@example.org", "U1"),
        ("max@example.org", "U2"),
        ("@lea", "U1"),
        ("@LEA", "U1"),
        ("@Lea Meier", "U1"),
        ("@twin2", "U4"),
    ],
    ids=[
        "id",
        "e-mail",
        "e-mail of another case",
        "handle before display name",
        "case",
        "display name",
        "handle",
    ],
)
def test_a_person_is_found_by_id_e_mail_handle_and_display_name(written: str, found: str) -> None:
    assert resolve_person(PersonRef(written), PEOPLE) == found


def test_a_display_name_of_two_people_is_an_error_that_lists_their_ids() -> None:
    with pytest.raises(Ambiguous) as caught:
        resolve_person(PersonRef("@twin"), PEOPLE)
    assert caught.value.ids == ("U3", "U4")
    assert str(caught.value) == '"@twin" fits U3, U4. Write one of these ids in desk.yaml instead.'


@pytest.mark.parametrize("written", ["U9", "@nobody", "nobody@example.org"])
def test_a_person_whom_nobody_knows_is_an_error_that_names_them(written: str) -> None:
    with pytest.raises(Unresolved) as caught:
        resolve_person(PersonRef(written), PEOPLE)
    assert written in str(caught.value)


@pytest.mark.parametrize(("written", "found"), [("#it-help", "C1"), ("C2", "C2")])
def test_a_channel_is_found_by_name_and_by_id(written: str, found: str) -> None:
    assert resolve_channel(ChannelRef(written), CHANNELS) == found


def test_a_channel_that_is_not_there_is_an_error() -> None:
    with pytest.raises(Unresolved, match="No channel is known as"):
        resolve_channel(ChannelRef("#it-halp"), CHANNELS)


def test_a_channel_name_that_stands_for_two_ids_is_an_error() -> None:
    with pytest.raises(Ambiguous) as caught:
        resolve_channel(ChannelRef("#it-help"), (*CHANNELS, ChannelCard("C3", "it-help")))
    assert caught.value.ids == ("C1", "C3")
