from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.config import ConfigError, load

DESK = 'desks:\n  it:\n    triage_channel: "#triage"\n'
CALENDARS = "calendars:\n  always: 24x7\n  office: {timezone: UTC, mon-fri: '09:00-17:00'}\n"
ROWS = "      P1: {resolve: 4h}\n      P2: {resolve: 8h}\n      P3: {resolve: 3d}\n      P4: {resolve: 4d}\n"
EVERY_MONDAY = [f"{date(2026, 1, 5) + timedelta(weeks=week)}" for week in range(115)]
SLA = f"{CALENDARS}slas:\n  gold:\n    calendar: always\n    targets:\n{ROWS}      P5: {{resolve: 5d}}\n"


def problems(text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load(text)
    return [(p.line, p.path, p.message) for p in caught.value.problems]


YAML_ERRORS = [
    ("a tab", "desks:\n\tit: x\n", 2, "A tab stands where YAML needs spaces. Indent with spaces."),
    ("@ unquoted", "administrators: [@lea]\n", 1, 'A name that begins with @ must be in quotes: "@lea".'),
    (
        "# inside brackets",
        "desks:\n  it:\n    request_channels: [#help]\n    name: IT\n",
        3,
        "A list or mapping in brackets is not closed. Names that begin with # must be in quotes, as in"
        ' ["#it-help"], because # starts a comment.',
    ),
    ("an open quote", 'desks:\n  it: "x\n', 2, "A quote is opened here and never closed. Close it."),
    (
        "a bad indentation",
        "desks:\n  it:\n    name: IT\n   leads: []\n",
        4,
        "This line is indented differently from those it belongs to. Align them.",
    ),
    (
        "a stray colon",
        "desks: it: x\n",
        1,
        "A colon stands where no key can be. Check the indentation, and put text with a colon in quotes.",
    ),
    (
        "a tag",
        "desks: !!python/name:os.system x\n",
        1,
        "Tags (words that begin with !) have no meaning here. Remove the tag.",
    ),
    ("an undefined alias", "desks: *it\n", 1, "*it is not defined above this line. Define it with &it."),
    (
        "an alias of itself",
        "desks: &it [*it]\n",
        1,
        "*it is not defined above this line. Define it with &it.",
    ),
    ("an older YAML", "%YAML 1.1\n---\ndesks: {}\n", 1, "desk.yaml is YAML 1.2. Remove the %YAML line."),
    (
        "a second document",
        "desks: {}\n---\ndesks: {}\n",
        2,
        "A second document starts here. Keep one, and remove the line with ---.",
    ),
    ("a list as key", "? [a]\n: b\n", 1, "A key must be a single word, not a list or a mapping."),
    ("deep nesting", "[" * 5000, 1, "This is nested more than 30 levels deep. Make it flatter."),
    (
        "an endless escape",
        'desks: "\\Uffffffff"\n',
        None,
        "This is not YAML that can be read. Check the quotes and the escapes.",
    ),
    (
        "a control character",
        "desks: \x07\n",
        None,
        "A character in this file cannot stand in YAML. Save it as plain UTF-8 text.",
    ),
    (
        "a hidden control character",
        'desks: "\\a"\n',
        1,
        "This text contains an invisible control character. Remove it.",
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "message"), [case[1:] for case in YAML_ERRORS], ids=[c[0] for c in YAML_ERRORS]
)
def test_text_that_is_no_yaml_is_refused_with_its_line_and_a_remedy(
    text: str, line: int | None, message: str
) -> None:
    assert problems(text) == [(line, "", message)]


def test_aliases_that_stand_for_a_billion_values_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert problems("\n".join(lines)) == [
        (5, "", "This stands for more than 100,000 values. Make it shorter.")
    ]


def test_a_file_of_a_million_characters_is_refused() -> None:
    assert problems("#" * 1_000_001) == [
        (None, "", "The file has more than 1,000,000 characters. Shorten it.")
    ]


VALUE_ERRORS = [
    # the top
    (
        "desk: {}\n",
        1,
        "desk",
        'Unknown key "desk". Did you mean "desks"?',
    ),
    (
        "colour: red\n",
        1,
        "colour",
        'Unknown key "colour".'
        " Known here: administrators, calendars, priorities, slas, desks, catalogue, services.",
    ),
    ("- it\n", 1, "", "Keys with values belong here, one per line: `key: value`."),
    ("desks:\n  - it\n", 1, "desks", "Keys with values belong here, one per line: `key: value`."),
    (
        DESK + '    triage_channel: "#other"\n',
        4,
        "desks.it.triage_channel",
        '"triage_channel" is already given in line 3. Keep one of the two.',
    ),
    ("administrators: []\n", 1, "administrators", "The list is empty. Write at least one."),
    ("administrators: lea\n", 1, "administrators", '"lea" is not a person. Write "@lea".'),
    (
        "administrators:\n  - '@lea'\n  - '#lea'\n",
        3,
        "administrators[2]",
        '"#lea" is not a person. Write @name, an e-mail address or an id.',
    ),
    (
        "administrators: ['@lea', '@lea']\n",
        1,
        "administrators[2]",
        '"@lea" is listed twice. Keep it once.',
    ),
    ("administrators: {a: b}\n", 1, "administrators", "One value belongs here, not keys with values."),
    (
        "priorities: {matrix: defalt}\n",
        1,
        "priorities.matrix",
        '"defalt" is not a matrix. Did you mean "default"?',
    ),
    (
        "priorities:\n  matrix:\n    high: {high: P0, medium: P1, low: P2}\n"
        "    medium: {high: P1, medium: P2, low: P3}\n    low: {high: P2, medium: P3, low: P4}\n",
        3,
        "priorities.matrix.high.high",
        '"P0" is not a priority. Known: P1, P2, P3, P4, P5.',
    ),
    (
        "priorities:\n  matrix:\n    high: {high: P1, medium: P1, low: P2}\n"
        "    medium: {high: P1, medium: P2, low: P3}\n",
        2,
        "priorities.matrix",
        '"low" is missing. Add it: the priorities at impact low.',
    ),
    # calendars
    (
        "calendars:\n  office: 24/7\n",
        2,
        "calendars.office",
        '"24/7" is not a calendar. Write 24x7, or keys such as timezone and mon-fri.',
    ),
    (
        "calendars:\n  office: {mon-fri: '09:00-17:00'}\n",
        2,
        "calendars.office",
        '"timezone" is missing. Add it: the IANA time zone of the hours, such as Europe/Berlin.',
    ),
    (
        "calendars:\n  office:\n    timezone: Europe/Berln\n    mon: '09:00-17:00'\n",
        3,
        "calendars.office.timezone",
        '"Europe/Berln" is not a time zone. Did you mean "Europe/Berlin"?',
    ),
    (
        "calendars:\n  office:\n    timezone: ../etc/passwd\n    mon: '09:00-17:00'\n",
        3,
        "calendars.office.timezone",
        '"../etc/passwd" is not a time zone. Write it like Europe/Berlin.',
    ),
    (
        "calendars:\n  office:\n    timezone: UTC\n    mon-fir: '09:00-17:00'\n",
        4,
        "calendars.office.mon-fir",
        'Unknown key "mon-fir". Did you mean "mon-fri"?',
    ),
    (
        "calendars:\n  office:\n    timezone: UTC\n    opening: '09:00-17:00'\n",
        4,
        "calendars.office.opening",
        '"opening" does not name weekdays. Write them like mon, mon-fri, "sat,sun" or daily.',
    ),
    (
        "calendars:\n  office:\n    timezone: UTC\n    daily: '09:00-17:00'\n    sun: []\n",
        5,
        "calendars.office.sun",
        'sun is in "daily" and in "sun". Name each day once.',
    ),
    (
        "calendars:\n  office:\n    timezone: UTC\n    mon-fri: 9 to 5\n",
        4,
        "calendars.office.mon-fri",
        '"9 to 5" is not a window of hours. Write it like 09:00-17:30.',
    ),
    (
        "calendars:\n  office:\n    timezone: UTC\n    mon-fri: ['09:00-12:00', '13:00-25:00']\n",
        4,
        "calendars.office.mon-fri[2]",
        '"13:00-25:00" goes past the clock. Hours run from 00:00 to 24:00.',
    ),
    (
        "calendars:\n  office: {timezone: UTC, sat,sun: ['09:00-12:00']}\n",
        2,
        "calendars.office.sat",
        'This has no hours. Write [] for closed; inside {…}, "sat,sun" must be in quotes.',
    ),
    (
        "calendars:\n  office: {timezone: UTC}\n",
        2,
        "calendars.office",
        "This calendar is never open, so no target could fall due."
        ' Add weekly hours, such as mon-fri: "09:00-17:00".',
    ),
    (
        "calendars:\n  office: {timezone: UTC, special: {2026-12-24: '09:00-12:00'}}\n",
        2,
        "calendars.office",
        "This calendar is open on single dates only, so no target could fall due."
        ' Add weekly hours, such as mon-fri: "09:00-17:00".',
    ),
    (
        f"calendars:\n  office:\n    timezone: UTC\n    mon: '09:00-17:00'\n    holidays: {EVERY_MONDAY}\n",
        2,
        "calendars.office",
        "Holidays and special dates close this calendar for more than two years, so no target could fall due."
        " Remove some of them.",
    ),
    (
        "calendars:\n  office: {timezone: UTC, mon: '09:00-17:00', holidays: de-be}\n",
        2,
        "calendars.office.holidays",
        '"de-be" is not a region whose holidays are known. Did you mean "DE-BE"?',
    ),
    (
        "calendars:\n  office: {timezone: UTC, mon: '09:00-17:00', holidays: GB-XX}\n",
        2,
        "calendars.office.holidays",
        '"XX" is not a part of GB whose holidays are known. Known: ENG, NIR, SCT, WLS.',
    ),
    (
        "calendars:\n  office: {timezone: UTC, mon: '09:00-17:00', holidays: [2026-02-30]}\n",
        2,
        "calendars.office.holidays[1]",
        '"2026-02-30" is not a date. Write it like 2026-12-24.',
    ),
    (
        "calendars:\n  office:\n    timezone: UTC\n    mon: '09:00-17:00'\n"
        "    special:\n      24.12.2026: []\n",
        6,
        "calendars.office.special",
        '"24.12.2026" is not a date. Write it like 2026-12-24.',
    ),
    (
        "calendars:\n  my office: 24x7\n",
        2,
        "calendars.my office",
        '"my office" cannot be a name.'
        " Use up to 40 letters, digits, - and _, beginning with a letter or digit.",
    ),
    # slas
    (
        SLA.replace("calendar: always", "calendar: alway"),
        6,
        "slas.gold.calendar",
        'There is no calendar "alway". Did you mean "always"?',
    ),
    (
        SLA.replace("calendar: always", "calendar: night"),
        6,
        "slas.gold.calendar",
        'There is no calendar "night". Known: always, office.',
    ),
    (
        SLA.removeprefix(CALENDARS),
        3,
        "slas.gold.calendar",
        'There is no calendar "always". Define it under calendars.',
    ),
    (
        SLA.replace("      P5: {resolve: 5d}\n", ""),
        7,
        "slas.gold.targets",
        '"P5" is missing. Add it: the targets of P5, such as {respond: 4h, resolve: 3d}.',
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {}"),
        12,
        "slas.gold.targets.P5",
        "This promises nothing. Add respond, resolve or update.",
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {resolve: 4}"),
        12,
        "slas.gold.targets.P5.resolve",
        '"4" is not a duration. Write it like 90s, 15m, 4h, 2d or 1h30m.',
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {resolve: 0h}"),
        12,
        "slas.gold.targets.P5.resolve",
        '"0h" is no time at all. Write a duration of at least 1s.',
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {resolve: 801d}"),
        12,
        "slas.gold.targets.P5.resolve",
        '"801d" would fall due more than 800 days ahead on calendar "always". Shorten it.',
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {calendar: office, resolve: 600d}"),
        12,
        "slas.gold.targets.P5.resolve",
        '"600d" would fall due more than 800 days ahead on calendar "office". Shorten it.',
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {calendar: office, resolve: 560d}").replace(
            "'09:00-17:00'}", "'09:00-17:00', holidays: DE}"
        ),
        12,
        "slas.gold.targets.P5.resolve",
        '"560d" would fall due more than 800 days ahead on calendar "office",'
        " holidays and special dates counted. Shorten it.",
    ),
    (
        SLA.replace("P5: {resolve: 5d}", "P5: {resolve: 4000d}"),
        12,
        "slas.gold.targets.P5.resolve",
        '"4000d" is longer than ten years. Write a shorter duration.',
    ),
    (
        SLA + "    warn_at: [50%, 100%]\n",
        13,
        "slas.gold.warn_at[2]",
        '"100%" is out of range. A warning comes between 1% and 99% of the target.',
    ),
    (
        SLA + "    warn_at: [0%]\n",
        13,
        "slas.gold.warn_at[1]",
        '"0%" is out of range. A warning comes between 1% and 99% of the target.',
    ),
    (
        SLA + "    warn_at: [0.5]\n",
        13,
        "slas.gold.warn_at[1]",
        '"0.5" is not a percentage. Write it like 80%.',
    ),
    (
        SLA + "    respond_by: [clam]\n",
        13,
        "slas.gold.respond_by[1]",
        '"clam" is not a response. Did you mean "claim"?',
    ),
    (SLA + "    respond_by: []\n", 13, "slas.gold.respond_by", "The list is empty. Write at least one."),
    (
        SLA + "    pause_while: [resolved]\n",
        13,
        "slas.gold.pause_while[1]",
        '"resolved" is not a state that can pause.'
        " Known: waiting_requester, waiting_supplier, waiting_approval.",
    ),
    (
        SLA + "    escalate:\n      - {at: resolve breech, to: leads}\n",
        14,
        "slas.gold.escalate[1].at",
        '"resolve breech" is not a moment. Write it like `resolve 90%` or `resolve breach + 1h`.',
    ),
    (
        SLA + "    escalate:\n      - {at: resolv breach, to: leads}\n",
        14,
        "slas.gold.escalate[1].at",
        '"resolv breach" is not a moment. Did you mean "resolve"?',
    ),
    (
        SLA + "    escalate:\n      - {at: resolve 120%, to: leads}\n",
        14,
        "slas.gold.escalate[1].at",
        '"resolve 120%" is out of range. Use 1% to 99%, or breach and what comes after it.',
    ),
    (
        SLA + "    escalate:\n      - {at: resolve breach + soon, to: leads}\n",
        14,
        "slas.gold.escalate[1].at",
        '"soon" is not a duration. Write it like 90s, 15m, 4h, 2d or 1h30m.',
    ),
    (
        SLA + "    escalate:\n      - {at: resolve breach, to: manager}\n",
        14,
        "slas.gold.escalate[1].to",
        '"manager" is nobody that can be told. Did you mean "managers"?',
    ),
    (
        SLA + "    escalate:\n      - {at: resolve breach, to: everybody}\n",
        14,
        "slas.gold.escalate[1].to",
        '"everybody" is nobody that can be told.'
        " Known: assignee, agents, assignee_or_agents, leads, managers, @name, #channel.",
    ),
    (
        SLA + "    escalate:\n      - {at: resolve breach}\n",
        14,
        "slas.gold.escalate[1]",
        '"to" is missing. Add it: who is told: assignee, agents, assignee_or_agents,'
        " leads, managers, a person, a channel, or a list of these.",
    ),
    # desks
    (
        "desks:\n  it:\n",
        2,
        "desks.it",
        '"triage_channel" is missing. Add it: the channel where the cards are posted.',
    ),
    (
        "desks:\n  it:\n    triage_channel: #triage\n",
        3,
        "desks.it.triage_channel",
        'This has no value. Give one or remove it. A name with # needs quotes: "#it-help".',
    ),
    (
        "desks:\n  it:\n    triage_channel: triage\n",
        3,
        "desks.it.triage_channel",
        '"triage" is not a channel. Write "#triage".',
    ),
    (
        "desks:\n  it:\n    triage_channel: '#Triage'\n",
        3,
        "desks.it.triage_channel",
        '"#Triage" is not a channel. Write "#triage".',
    ),
    (
        "desks:\n  it:\n    triage_channel: '#it triage'\n",
        3,
        "desks.it.triage_channel",
        '"#it triage" is not a channel. Write it like "#it-help", or give its id.',
    ),
    (
        DESK + "    name: true\n",
        4,
        "desks.it.name",
        "`true` is not a text. Put it in quotes if it is meant as one.",
    ),
    (DESK + "    name: ''\n", 4, "desks.it.name", "One line of text belongs here."),
    (
        DESK + f"    name: {'x' * 76}\n",
        4,
        "desks.it.name",
        f'"{"x" * 20}…" has 76 characters. At most 75 fit here.',
    ),
    (DESK + "    name: [IT]\n", 4, "desks.it.name", "One value belongs here, not a list."),
    (
        DESK + "    timezone: Berlin\n",
        4,
        "desks.it.timezone",
        '"Berlin" is not a time zone. Did you mean "Europe/Berlin"?',
    ),
    (
        DESK + "    close_after: 1.5h\n",
        4,
        "desks.it.close_after",
        '"1.5h" is not a duration. Write it like 90s, 15m, 4h, 2d or 1h30m.',
    ),
    (
        DESK + "    close_after: 0s\n",
        4,
        "desks.it.close_after",
        '"0s" is no time at all. Write a duration of at least 1s.',
    ),
    (
        DESK + "    agents: {members_of: '#triage', usergroup: it}\n",
        4,
        "desks.it.agents",
        "Exactly one belongs here: members_of, usergroup, or a list of people.",
    ),
    (
        DESK + "    agents: {}\n",
        4,
        "desks.it.agents",
        "Exactly one belongs here: members_of, usergroup, or a list of people.",
    ),
    (
        DESK + "    agents: {member_of: '#triage', usergroup: it}\n",
        4,
        "desks.it.agents.member_of",
        'Unknown key "member_of". Did you mean "members_of"?',
    ),
    (
        DESK + "    agents: {usergroup: it agents}\n",
        4,
        "desks.it.agents.usergroup",
        '"it agents" is not a user group. Write its handle, such as it-agents.',
    ),
    (DESK + "    agents: []\n", 4, "desks.it.agents", "The list is empty. Write at least one."),
    (
        DESK + "    leads: [lea@nowhere]\n",
        4,
        "desks.it.leads[1]",
        '"lea@nowhere" is not a person. Write @name, an e-mail address or an id.',
    ),
    (
        DESK + "    slas: {incident: gold}\n",
        4,
        "desks.it.slas.incident",
        'There is no SLA "gold". Define it under slas.',
    ),
    (
        SLA + DESK + "    slas: {incident: golden}\n",
        16,
        "desks.it.slas.incident",
        'There is no SLA "golden". Did you mean "gold"?',
    ),
    (
        SLA + DESK + "    slas: {incidents: gold}\n",
        16,
        "desks.it.slas.incidents",
        'Unknown key "incidents". Did you mean "incident"?',
    ),
    (
        DESK + "    digest: {at: '25:00'}\n",
        4,
        "desks.it.digest.at",
        '"25:00" is not a time of day. Write it like 09:00.',
    ),
    (
        DESK + "    digest: {days: mon-fry}\n",
        4,
        "desks.it.digest.days",
        '"mon-fry" does not name weekdays. Write them like mon, mon-fri, "sat,sun" or daily.',
    ),
    (
        DESK + "    digest: {days: 'mon,mon'}\n",
        4,
        "desks.it.digest.days",
        '"mon,mon" names a day twice. Name each day once.',
    ),
    (
        DESK + "    digest: {days: [mon-fri, wed]}\n",
        4,
        "desks.it.digest.days",
        "A day is named twice. Name each day once.",
    ),
    (
        DESK + "    managers_channel: '#m'\n    digest: {days: []}\n",
        5,
        "desks.it.digest.days",
        "The list is empty. Write at least one.",
    ),
    (
        DESK + "    managers_channel: '#m'\n    digest: {reviews: [weekly, montly]}\n",
        5,
        "desks.it.digest.reviews[2]",
        '"montly" is not a review. Did you mean "monthly"?',
    ),
    (
        DESK + "    managers_channel: '#m'\n    digest: {review: weekly}\n",
        5,
        "desks.it.digest.review",
        'Unknown key "review". Did you mean "reviews"?',
    ),
    (
        DESK + "    digest:\n      reviews: weekly\n",
        4,
        "desks.it.digest",
        "The digest is posted in managers_channel, which is not set. Set it, or remove the digest.",
    ),
    (
        DESK + "    shifts:\n      - people: '@tom'\n",
        5,
        "desks.it.shifts[1]",
        '"hours" is missing. Add it: the hours of the shift, such as "08:00-16:00", or a list of them.',
    ),
    (
        DESK + "    shifts:\n      - hours: '08:00-16:00'\n",
        5,
        "desks.it.shifts[1]",
        '"people" is missing. Add it: who works in this shift, such as ["@tom"].',
    ),
    (
        DESK + "    shifts:\n      - hours: []\n        people: '@tom'\n",
        5,
        "desks.it.shifts[1].hours",
        "The list is empty. Write at least one.",
    ),
    (
        DESK + "    shifts:\n      - hours: '08:00-16:00'\n        people: []\n",
        6,
        "desks.it.shifts[1].people",
        "The list is empty. Write at least one.",
    ),
    (
        DESK + "    shifts:\n      - hours: 8-16\n        people: '@tom'\n",
        5,
        "desks.it.shifts[1].hours",
        '"8-16" is not a window of hours. Write it like 09:00-17:30.',
    ),
    (
        DESK + "    shifts:\n      - {hours: '08:00-16:00', timezone: Europe/Belin, people: '@tom'}\n",
        5,
        "desks.it.shifts[1].timezone",
        '"Europe/Belin" is not a time zone. Did you mean "Europe/Berlin"?',
    ),
    (
        DESK + "    shifts:\n      - {day: mon-fri, hours: '08:00-16:00', people: '@tom'}\n",
        5,
        "desks.it.shifts[1].day",
        'Unknown key "day". Did you mean "days"?',
    ),
    (
        DESK + "    shifts:\n      - hours: '08:00-16:00'\n        people: ['@tom', '@Tom']\n",
        6,
        "desks.it.shifts[1].people[2]",
        '"@Tom" is listed twice. Keep it once.',
    ),
    (
        DESK + "    shift: []\n",
        4,
        "desks.it.shift",
        'Unknown key "shift". Did you mean "shifts"?',
    ),
    (
        DESK + "    emoji: {raise: ':ticket:'}\n",
        4,
        "desks.it.emoji.raise",
        '":ticket:" has colons. Write "ticket".',
    ),
    (
        DESK + "    emoji: {raise: 🎫}\n",
        4,
        "desks.it.emoji.raise",
        '"🎫" is not an emoji\'s name. Write the name, such as "ticket".',
    ),
    (
        DESK + "    emoji: {raise: Ticket}\n",
        4,
        "desks.it.emoji.raise",
        '"Ticket" is not an emoji\'s name. Names are lowercase without spaces, such as "ticket".',
    ),
    (
        DESK + "    emoji:\n      claim: hand\n      wait: [clock, hand]\n",
        6,
        "desks.it.emoji.wait",
        '"hand" stands for claim and for wait. Change one.',
    ),
    (
        DESK + "    emoji:\n      raise: eyes\n",
        5,
        "desks.it.emoji.raise",
        '"eyes" stands for raise and for claim (one of them by default). Change one.',
    ),
    (
        DESK + "    emoji: {claim: [hand, 'hand::skin-tone-2']}\n",
        4,
        "desks.it.emoji.claim[2]",
        '"hand::skin-tone-2" is listed twice. Keep it once.',
    ),
    (DESK + "    categories: []\n", 4, "desks.it.categories", "The list is empty. Write at least one."),
    (
        DESK + "    request_channels: ['#help', '#triage']\n",
        3,
        "desks.it.triage_channel",
        "#triage is already the request channel of desk it. A channel has one use, for one desk.",
    ),
    (
        DESK
        + "  hr:\n    triage_channel: '#hr'\n    request_channels:\n      - '#ask-hr'\n      - '#triage'\n",
        8,
        "desks.hr.request_channels[2]",
        "#triage is already the triage channel of desk it. A channel has one use, for one desk.",
    ),
    # catalogue and services
    (
        "catalogue:\n  laptop: {desk: it}\n",
        2,
        "catalogue.laptop.desk",
        'There is no desk "it". Define it under desks.',
    ),
    (
        DESK + "catalogue:\n  laptop: {dsk: it}\n",
        5,
        "catalogue.laptop.dsk",
        'Unknown key "dsk". Did you mean "desk"?',
    ),
    (
        "services:\n  mail: {owners: [lea]}\n",
        2,
        "services.mail.owners[1]",
        '"lea" is not a person. Write "@lea".',
    ),
]


@pytest.mark.parametrize(
    ("text", "line", "path", "message"),
    VALUE_ERRORS,
    ids=[f"{number}-{path}" for number, (_, _, path, _) in enumerate(VALUE_ERRORS)],
)
def test_a_mistake_is_reported_with_its_line_its_path_and_a_remedy(
    text: str, line: int, path: str, message: str
) -> None:
    found = problems(text)
    assert (line, path, message) in found
    assert found.count((line, path, message)) == 1


@pytest.mark.parametrize("number", range(len(VALUE_ERRORS)))
def test_one_mistake_is_one_problem(number: int) -> None:
    assert len(problems(VALUE_ERRORS[number][0])) == 1


def test_all_problems_of_a_file_are_reported_in_its_order() -> None:
    text = (
        "administrators: [lea]\n"
        "calendars: {office: 9to5}\n"
        "slas: {gold: {calendar: office, targets: {P1: {}}}}\n"
        "desks:\n"
        "  it: {triage_channel: triage, slas: {incident: gold}}\n"
        "  hr: {triage_channel: '#hr', leads: ['@x', '@x']}\n"
        "colour: red\n"
    )
    assert [line for line, _, _ in problems(text)] == [1, 2, 3, 3, 3, 3, 3, 5, 6, 7]


def test_names_in_a_section_that_has_mistakes_still_count_as_known() -> None:
    text = SLA.replace("always: 24x7", "always: 24/7") + DESK + "    slas: {incident: gold}\n"
    assert [path for _, path, _ in problems(text)] == ["calendars.always"]


def test_the_message_of_the_error_lists_each_problem_after_the_name_of_its_source() -> None:
    with pytest.raises(ConfigError) as caught:
        load("desk: 1\n", source="/etc/desk.yaml")
    assert str(caught.value) == (
        "/etc/desk.yaml has one problem to correct:\n"
        '/etc/desk.yaml:1: desk: Unknown key "desk". Did you mean "desks"?'
    )


WARNINGS = [
    (
        DESK + "    agents: {members_of: '#help'}\n    request_channels: '#help'\n",
        4,
        "Everybody in #help, a request channel, is an agent.",
    ),
    (
        DESK + "    managers_channel: '#help'\n    request_channels: '#help'\n",
        4,
        "Everybody in #help, a request channel, reads digests.",
    ),
    (
        SLA + "    escalate: {at: resolve breach, to: managers}\n" + DESK + "    slas: {incident: gold}\n",
        17,
        "SLA gold escalates to managers. Set managers_channel, where they are told.",
    ),
    (
        SLA + "    escalate: {at: resolve breach, to: leads}\n" + DESK + "    slas: {incident: gold}\n",
        17,
        "SLA gold escalates to leads, and this desk has none. Name them under leads.",
    ),
    (
        SLA.replace("P1: {", "P1: {escalate: {at: resolve breach, to: leads}, ")
        + DESK
        + "    slas:\n      incident: gold\n      request: gold\n",
        17,
        "SLA gold escalates to leads, and this desk has none. Name them under leads.",
    ),
    (
        DESK + "    shifts: {hours: ['08:00-12:00', '11:00-15:00'], people: '@tom'}\n",
        4,
        "Some of these hours overlap. They count once.",
    ),
    (
        SLA + "    escalate: {at: update breach, to: agents}\n",
        13,
        "`update breach` never comes: no target for update is set.",
    ),
    (SLA.replace("P5: {", "P5: {respond: 6d, "), 12, "The first response is due after the resolution."),
    (
        "calendars:\n  office: {timezone: UTC, mon: ['09:00-12:00', '11:00-13:00']}\n",
        2,
        "Some of these hours overlap. They count once.",
    ),
    ("calendars:\n  office: {timezone: UTC, mon: '09:00-09:00'}\n", 2, "09:00-09:00 is open for 24 hours."),
]


@pytest.mark.parametrize(("text", "line", "message"), WARNINGS)
def test_what_works_but_is_probably_not_meant_is_a_warning(text: str, line: int, message: str) -> None:
    assert [(w.line, w.message) for w in load(text).warnings] == [(line, message)]
