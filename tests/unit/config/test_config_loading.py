from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import (
    ChannelRef,
    Desk,
    DeskConfig,
    Digest,
    EmojiMap,
    Escalation,
    EscalationPoint,
    MembersOf,
    People,
    PersonRef,
    PriorityMatrix,
    Role,
    Sla,
    Usergroup,
    load,
)
from bot.models.vocabulary import Kind, State
from bot.service_levels.durations import DAY, HOUR, MINUTE

EXAMPLE = (Path(__file__).parents[3] / "desk.example.yaml").read_text()
DESK = 'desks:\n  it:\n    triage_channel: "#triage"\n'


def desk_with(lines: str) -> Desk:
    return load(DESK + lines).config.desks["it"]


def sla_with(row: str, *, lines: str = "") -> Sla:
    rows = "".join(f"      {p}: {row}\n" for p in ("P1", "P2", "P3", "P4", "P5"))
    text = (
        "calendars:\n  always: 24x7\n  office: {timezone: UTC, mon-fri: '09:00-17:30'}\n"
        f"slas:\n  gold:\n    calendar: office\n{lines}    targets:\n{rows}"
    )
    return load(text).config.slas["gold"]


def test_the_example_is_valid_without_warnings() -> None:
    assert load(EXAMPLE).warnings == ()


def test_service_levels_and_digests_are_acted_on() -> None:
    assert load(EXAMPLE).inactive == ()


def test_a_section_that_nothing_acts_on_yet_is_named_once_it_holds_something() -> None:
    assert load("catalogue: {laptop: {}}\nservices: {}\n").inactive == ("catalogue",)


def test_a_day_in_the_targets_is_a_working_day_of_their_calendar() -> None:
    targets = load(EXAMPLE).config.slas["standard"].targets
    assert targets["P3"].resolve == 3 * (8 * HOUR + 30 * MINUTE)
    assert targets["P1"].resolve == 4 * HOUR
    assert sla_with("{resolve: 1d, calendar: always}").targets["P1"].resolve == 24 * HOUR


def test_a_day_outside_the_targets_has_24_hours() -> None:
    desk = load(EXAMPLE).config.desks["it"]
    assert desk.close_after == 3 * DAY
    steps = sla_with("{resolve: 1d}", lines="    escalate: {at: resolve breach + 1d, to: agents}\n").escalate
    assert steps[0].at.after == DAY


def test_a_row_of_targets_overrides_its_sla() -> None:
    p1, p2 = (load(EXAMPLE).config.slas["standard"].targets[p] for p in ("P1", "P2"))
    assert (p1.calendar, p1.pause_while, p1.warn_at, p1.update) == ("always", (), (50, 80), 30 * MINUTE)
    assert (p2.calendar, p2.update) == ("office", None)
    assert p2.pause_while == (State.WAITING_REQUESTER, State.WAITING_SUPPLIER, State.WAITING_APPROVAL)


def test_escalations_name_a_moment_and_those_who_are_told() -> None:
    assert load(EXAMPLE).config.slas["standard"].targets["P2"].escalate == (
        Escalation(EscalationPoint("resolve", 100, 0), (Role("assignee"), Role("leads"))),
        Escalation(EscalationPoint("resolve", 100, HOUR), (Role("managers"),)),
    )


@pytest.mark.parametrize(
    ("written", "point"),
    [
        ("respond 90%", EscalationPoint("respond", 90)),
        ("resolve 100%", EscalationPoint("resolve")),
        ("update breach", EscalationPoint("update")),
        ("resolve breach+1h30m", EscalationPoint("resolve", after=90 * MINUTE)),
        ("resolve breach + 0s", EscalationPoint("resolve")),
    ],
)
def test_a_moment_is_a_share_of_the_target_or_a_time_after_the_breach(
    written: str, point: EscalationPoint
) -> None:
    sla = sla_with(
        "{respond: 1h, resolve: 4h, update: 1h}", lines=f'    escalate: {{at: "{written}", to: "#noc"}}\n'
    )
    assert sla.escalate == (Escalation(point, (ChannelRef("#noc"),)),)


def test_an_sla_has_defaults_for_all_but_calendar_and_targets() -> None:
    sla = sla_with("{resolve: 4h}")
    assert (sla.respond_by, sla.warn_at, sla.escalate) == (("claim", "reply"), (50, 80), ())
    assert sla.pause_while == (State.WAITING_REQUESTER, State.WAITING_SUPPLIER, State.WAITING_APPROVAL)


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "~\n", "{}", "desks:\n", "\ufeff"])
def test_an_empty_file_is_a_configuration_without_desks(text: str) -> None:
    loaded = load(text)
    assert loaded.config == DeskConfig()
    assert loaded.inactive == ()


def test_a_desk_needs_no_more_than_a_triage_channel() -> None:
    triage = ChannelRef("#triage")
    assert desk_with("") == Desk(key="it", name="it", triage_channel=triage, agents=MembersOf(triage))


def test_a_desk_that_says_nothing_has_the_documented_defaults() -> None:
    desk = desk_with("")
    assert (desk.timezone, desk.close_after, desk.undo_within) == ("UTC", 72 * HOUR, 5 * MINUTE)
    assert desk.categories == ("Hardware", "Software", "Access", "Network", "Other")
    assert (desk.digest, desk.managers_channel, desk.slas) == (None, None, {})


def test_a_desk_is_read_as_written() -> None:
    desk = load(EXAMPLE).config.desks["it"]
    assert desk.request_channels == (ChannelRef("#it-help"),)
    assert desk.managers_channel == ChannelRef("#it-managers")
    assert (desk.leads, desk.managers) == ((PersonRef("@lea"),), (PersonRef("@maria"),))
    assert desk.slas == {Kind.INCIDENT: "standard", Kind.REQUEST: "standard"}
    assert desk.digest == Digest(at=9 * 60, days=(0, 1, 2, 3, 4))


@pytest.mark.parametrize(
    ("written", "reviews"),
    [
        ("{}", ()),
        ("{reviews: []}", ()),
        ("{reviews: weekly}", ("weekly",)),
        ("{reviews: [monthly, weekly]}", ("weekly", "monthly")),
    ],
)
def test_service_reviews_come_only_when_they_are_asked_for(written: str, reviews: tuple[str, ...]) -> None:
    digest = desk_with(f"    managers_channel: '#bosses'\n    digest: {written}\n").digest
    assert digest == Digest(at=9 * 60, days=(0, 1, 2, 3, 4), reviews=reviews)


@pytest.mark.parametrize(
    ("written", "agents"),
    [
        ("{members_of: C012}", MembersOf(ChannelRef("C012"))),
        ("{usergroup: '@it-agents'}", Usergroup("it-agents")),
        (
            "[U012, lea@example.org, '@Lea Meier']",
            People((PersonRef("U012"), PersonRef("lea@example.org"), PersonRef("@Lea Meier"))),
        ),
        ("'@lea'", People((PersonRef("@lea"),))),
    ],
)
def test_agents_are_a_channel_a_user_group_or_people(written: str, agents: object) -> None:
    assert desk_with(f"    agents: {written}\n").agents == agents


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("ticket", "raise"),
        ("eyes", "claim"),
        ("eyes::skin-tone-3", "claim"),
        ("white_check_mark", "resolve"),
        ("hourglass", "wait"),
        ("rotating_light", "urgent"),
        ("tada", None),
        ("eyes::skin-tone-9", None),
    ],
)
def test_an_emoji_has_one_meaning_whatever_its_skin_tone(name: str, meaning: str | None) -> None:
    assert EmojiMap().meaning(name) == meaning


def test_emoji_may_be_several_a_number_or_none() -> None:
    emoji = desk_with(
        "    emoji: {claim: [raised_hand::skin-tone-2, '+1'], resolve: +1_done, wait: 100, urgent: []}\n"
    ).emoji
    assert emoji.claim == ("raised_hand", "+1")
    assert (emoji.raise_, emoji.resolve, emoji.wait, emoji.urgent) == (
        ("ticket",),
        ("+1_done",),
        ("100",),
        (),
    )
    assert emoji.meaning("raised_hand::skin-tone-6") == "claim"


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        ("high", "high", "P1"),
        ("high", "medium", "P2"),
        ("medium", "high", "P2"),
        ("high", "low", "P3"),
        ("medium", "medium", "P3"),
        ("low", "high", "P3"),
        ("medium", "low", "P4"),
        ("low", "medium", "P4"),
        ("low", "low", "P5"),
    ],
)
def test_the_default_matrix_follows_impact_and_urgency(impact: str, urgency: str, priority: str) -> None:
    assert PriorityMatrix().priority(impact, urgency) == priority


def test_a_matrix_of_ones_own_is_read_by_impact_and_then_urgency() -> None:
    text = (
        "priorities:\n  matrix:\n    high: {high: P1, medium: P1, low: P2}\n"
        "    medium: {high: P3, medium: P3, low: P4}\n    low: {high: P5, medium: P5, low: P5}\n"
    )
    matrix = load(text).config.priorities
    assert matrix.priority("high", "low") == "P2"
    assert matrix.priority("low", "high") == "P5"


def test_words_that_other_yaml_versions_change_stay_words() -> None:
    desk = desk_with(
        "    name: on\n    categories: [yes, no, 0o17, 12:30:00, 2026-12-24, 1_000]\n"
        "    managers_channel: '#bosses'\n    digest: {at: 09:00}\n"
    )
    assert desk.name == "on"
    assert desk.categories == ("yes", "no", "0o17", "12:30:00", "2026-12-24", "1_000")
    assert desk.digest == Digest(at=540, days=(0, 1, 2, 3, 4))


def test_quotes_make_no_difference_to_hours_dates_and_percentages() -> None:
    bare = (
        "calendars:\n  c: {timezone: UTC, mon: 09:00-17:00,"
        " holidays: [2026-12-25], special: {2026-12-24: []}}\n"
    )
    quoted = (
        bare.replace("09:00-17:00", '"09:00-17:00"')
        .replace("2026-12-25", '"2026-12-25"')
        .replace("2026-12-24", '"2026-12-24"')
    )
    assert load(bare).config == load(quoted).config


def test_an_anchor_shares_one_value_between_desks() -> None:
    desks = load(
        "desks:\n  it: {triage_channel: '#it', leads: &leads ['@lea']}\n"
        "  hr: {triage_channel: '#hr', leads: *leads}\n"
    ).config.desks
    assert desks["it"].leads == desks["hr"].leads == (PersonRef("@lea"),)


def test_two_desks_may_share_the_channel_of_their_managers() -> None:
    text = (
        "desks:\n  it: {triage_channel: '#it', managers_channel: '#bosses'}\n"
        "  hr: {triage_channel: '#hr', managers_channel: '#bosses'}\n"
    )
    assert len(load(text).config.desks) == 2


def test_the_digest_is_of_the_meaning_and_not_of_the_text() -> None:
    one = load(DESK + "    close_after: 3d\n    leads: '@lea'  # a comment\n")
    other = load('desks: {it: {leads: ["@lea"], triage_channel: "#triage"}}')
    assert one.digest == other.digest
    assert one.digest != load(DESK + "    close_after: 4d\n    leads: '@lea'\n").digest


def test_what_was_loaded_keeps_its_text() -> None:
    assert load(EXAMPLE).text == EXAMPLE


def test_a_configuration_cannot_be_changed() -> None:
    desks = load(EXAMPLE).config.desks
    with pytest.raises(TypeError):
        desks["hr"] = desks["it"]  # type: ignore[index]  # the test is that this is refused
