from __future__ import annotations

from pathlib import Path

import pytest

from bot.config import load, plan

EXAMPLE = (Path(__file__).parents[3] / "desk.example.yaml").read_text()


def test_a_first_configuration_is_all_new() -> None:
    assert plan(None, load(EXAMPLE).config) == [
        "The administrators change from the workspace's owners to @root.",
        "Calendar office is new.",
        "Calendar always is new.",
        "SLA standard is new.",
        "Desk it is new: IT Service Desk, with its cards in #it-triage.",
    ]


def test_an_equal_configuration_changes_nothing() -> None:
    config = load(EXAMPLE).config
    assert plan(config, config) == []


@pytest.mark.parametrize(
    ("old", "new", "sentences"),
    [
        ("close_after: 3d", "close_after: 5d", ["Desk it: close_after changes from 3d to 5d."]),
        ('leads: ["@lea"]', "leads: []", ["Desk it: leads changes from @lea to nothing."]),
        ("P2: {respond: 1h", "P2: {respond: 2h", ["SLA standard: targets.P2.respond changes from 1h to 2h."]),
        (", update: 30m", "", ["SLA standard: targets.P1.update is removed (it was 30m)."]),
        (
            "P2: {respond: 1h,",
            "P2: {respond: 1h, update: 2h,",
            ["SLA standard: targets.P2.update is added: 2h."],
        ),
        (
            "to: [assignee, leads]",
            "to: leads",
            [
                "SLA standard: escalate changes from at resolve breach, to assignee, leads;"
                " at resolve breach + 1h, to managers to at resolve breach, to leads;"
                " at resolve breach + 1h, to managers."
            ],
        ),
        (
            'administrators: ["@root"]',
            "",
            ["The administrators change from @root to the workspace's owners."],
        ),
        (
            "  it:\n",
            "  hr:\n",
            ["Desk hr is new: IT Service Desk, with its cards in #it-triage.", "Desk it is removed."],
        ),
        ("catalogue: {}", "catalogue: {laptop: {}}", ["Catalogue item laptop is new."]),
        ("holidays: DE-BE", "holidays: DE-BY", ["Calendar office: holidays changes from DE-BE to DE-BY."]),
        (
            'managers: ["@maria"]',
            'managers: ["@maria"]\n    shifts: [{hours: "08:00-16:00", people: ["@tom", "@ann"]}]',
            [
                "Desk it: shifts is added: days mon-fri, hours 08:00-16:00, timezone Europe/Berlin,"
                " people @tom, @ann."
            ],
        ),
        ("days: mon-fri}", "days: mon-fri, reviews: weekly}", ["Desk it: digest.reviews is added: weekly."]),
        (
            "matrix: default",
            "matrix: {high: {high: P1, medium: P2, low: P3}, medium: {high: P2, medium: P3, low: P4},"
            " low: {high: P3, medium: P4, low: P4}}",
            [
                "The priorities: matrix changes from default to"
                " low low P4, medium P4, high P3,"
                " medium low P4, medium P3, high P2, high low P3, medium P2, high P1."
            ],
        ),
    ],
)
def test_a_change_is_said_in_one_sentence(old: str, new: str, sentences: list[str]) -> None:
    assert old in EXAMPLE
    assert plan(load(EXAMPLE).config, load(EXAMPLE.replace(old, new)).config) == sentences


def test_a_change_of_one_shift_shows_the_shifts_before_and_after() -> None:
    def with_shifts(text: str) -> str:
        return EXAMPLE.replace('managers: ["@maria"]', f'managers: ["@maria"]\n    shifts: {text}')

    before = with_shifts('{days: mon, hours: ["08:00-12:00", "13:00-16:00"], people: "@tom"}')
    after = with_shifts('{days: mon, hours: "20:00-04:00", timezone: Asia/Kolkata, people: "@tom"}')
    assert plan(load(before).config, load(after).config) == [
        "Desk it: shifts changes from"
        " days mon, hours 08:00-12:00, 13:00-16:00, timezone Europe/Berlin, people @tom to"
        " days mon, hours 20:00-04:00, timezone Asia/Kolkata, people @tom."
    ]


def test_other_hours_of_a_calendar_show_in_the_targets_that_count_its_days() -> None:
    shorter = EXAMPLE.replace("09:00-17:30", "09:00-17:00")
    assert plan(load(EXAMPLE).config, load(shorter).config) == [
        "Calendar office: mon-fri changes from 09:00-17:30 to 09:00-17:00.",
        "SLA standard: targets.P3.resolve changes from 25h30m to 24h.",
        "SLA standard: targets.P4.respond changes from 8h30m to 8h.",
        "SLA standard: targets.P4.resolve changes from 42h30m to 40h.",
        "SLA standard: targets.P5.respond changes from 17h to 16h.",
        "SLA standard: targets.P5.resolve changes from 85h to 80h.",
    ]
