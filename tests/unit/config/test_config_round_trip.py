from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from bot.config import ConfigError, dump, load, plan

EXAMPLE = (Path(__file__).parents[3] / "desk.example.yaml").read_text()

Json = dict[str, object]

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,8}", fullmatch=True)
texts = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20).map(
    lambda t: f"Ab {t}"
)
people = st.sampled_from(["@lea", "@Max Muster", "U012AB", "W9", "ann@example.org"])
durations = st.sampled_from(["90s", "15m", "4h", "2d", "1h30m", "1d1s"])
windows = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(
    lambda w: f"{w[0] // 60:02}:{w[0] % 60:02}-{w[1] // 60:02}:{w[1] % 60:02}"
)
hours = st.lists(windows, min_size=1, max_size=3, unique=True)
dates = st.dates().map(str)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | texts
    | st.sampled_from(["", "null", "true", "5", "-0", "a\nb", " x "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
calendars = st.just("24x7") | st.fixed_dictionaries(
    {"timezone": st.sampled_from(["UTC", "Europe/Berlin", "America/New_York"]), "mon-fri": hours},
    optional={
        "sat": hours,
        "sun": st.just([]),
        "holidays": st.sampled_from(["DE", "DE-BE", "US-NY"]) | st.lists(dates, unique=True, max_size=3),
        "special": st.dictionaries(dates, hours | st.just([]), max_size=3),
    },
)
steps = st.fixed_dictionaries(
    {
        "at": st.sampled_from(["respond 50%", "resolve breach", "update 100%", "resolve breach + 1d2h"]),
        "to": st.lists(
            st.sampled_from(["agents", "managers", "#noc", "@lea", "C9"]), unique=True, min_size=1
        ),
    }
)
terms = {
    "respond_by": st.sampled_from([["claim"], ["reply", "claim"], "reply"]),
    "pause_while": st.lists(st.sampled_from(["waiting_supplier", "waiting_requester"]), unique=True),
    "warn_at": st.lists(st.integers(1, 99).map(lambda n: f"{n}%"), unique=True, max_size=4),
    "escalate": st.lists(steps, max_size=2, unique_by=lambda step: (step["at"], tuple(step["to"]))),
}


@st.composite
def configurations(draw: st.DrawFn) -> Json:
    config: Json = {
        "calendars": {"main": draw(calendars), **draw(st.dictionaries(names, calendars, max_size=2))}
    }
    row = st.fixed_dictionaries(
        {"resolve": durations},
        optional={"respond": durations, "update": durations, "calendar": st.just("main"), **terms},
    )
    rows = {p: draw(row) for p in ("P1", "P2", "P3", "P4", "P5")}
    config["slas"] = {
        "gold": {"calendar": "main", "targets": rows, **draw(st.fixed_dictionaries({}, optional=terms))}
    }
    keys = draw(st.lists(names, unique=True, max_size=2))
    config["desks"] = {key: draw(desks(number)) for number, key in enumerate(keys)}
    config["catalogue"] = draw(
        st.dictionaries(
            names,
            st.fixed_dictionaries({"sla": st.just("gold"), "form": st.lists(plain, max_size=3)}),
            max_size=2,
        )
    )
    config["services"] = draw(st.dictionaries(names, st.fixed_dictionaries({"name": texts}), max_size=2))
    if draw(st.booleans()):
        config["administrators"] = draw(st.lists(people, unique=True, min_size=1))
    return config


shifts = st.fixed_dictionaries(
    {"hours": hours | windows},
    optional={
        "days": st.sampled_from(["mon-fri", "sat,sun", ["mon", "thu"]]),
        "timezone": st.sampled_from(["UTC", "America/New_York"]),
    },
)


@st.composite
def rotas(draw: st.DrawFn) -> list[Json]:
    """Shifts in which nobody works twice."""
    shared = draw(st.lists(shifts, max_size=3))
    return [{**shift, "people": [f"@a{number}", f"@b{number}"]} for number, shift in enumerate(shared)]


def desks(number: int) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {"triage_channel": st.just(f"#triage-{number}")},
        optional={
            "name": texts,
            "timezone": st.just("Asia/Kolkata"),
            "request_channels": st.just([f"#ask-{number}"]),
            "agents": st.just({"usergroup": "it"}) | st.lists(people, unique=True, min_size=1),
            "leads": st.lists(people, unique=True),
            "slas": st.sampled_from([{}, {"request": "gold"}, {"request": "gold", "incident": "gold"}]),
            "close_after": durations,
            "undo_within": durations | st.just("0s"),
            "shifts": rotas(),
            "emoji": st.sampled_from(
                [{}, {"claim": ["+1", "hand"], "wait": []}, {"raise": "null", "claim": "true"}]
            ),
            "categories": st.lists(texts, unique=True, min_size=1, max_size=4),
        },
    ).flatmap(managed)


def managed(desk: Json) -> st.SearchStrategy[Json]:
    """The desk without managers' channel, with it, and with it and a digest."""
    digest = st.sampled_from(
        [{}, {"at": "7:05", "days": "sat,sun"}, {"days": ["mon", "fri"], "reviews": ["monthly", "weekly"]}]
    )
    channel = {"managers_channel": "#bosses"}
    with_digest = digest.map(lambda chosen: {**desk, **channel, "digest": chosen})
    return st.just(desk) | st.just({**desk, **channel}) | with_digest


def written(config: Json) -> str:
    out = io.StringIO()
    YAML(pure=True).dump(config, out)
    return out.getvalue()


@given(config=configurations())
@settings(max_examples=25, deadline=None)
def test_an_exported_configuration_loads_to_the_same_meaning(config: Json) -> None:
    loaded = load(written(config))
    again = load(dump(loaded.config))
    assert again.config == loaded.config
    assert again.digest == loaded.digest
    assert dump(again.config) == dump(loaded.config)
    assert plan(loaded.config, again.config) == []


def test_the_exported_example_loads_to_the_same_meaning() -> None:
    loaded = load(EXAMPLE)
    assert load(dump(loaded.config)).digest == loaded.digest


def load_or_refuse(text: str) -> None:
    """Loads; a refusal must name its problems. Any other exception fails the test."""
    try:
        loaded = load(text)
    except ConfigError as error:
        refusal = error
    else:
        assert load(dump(loaded.config)).digest == loaded.digest
        return
    assert refusal.problems
    assert all(p.message for p in refusal.problems)


@given(
    text=st.text() | st.text(st.sampled_from("ab:{}[],&*!|>%@`\"'#-? \n\t\\xU0<~\r\x85\u2028\ufeff\ud800"))
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_loaded_or_refused_with_problems(text: str) -> None:
    load_or_refuse(text)


@given(
    at=st.integers(0, len(EXAMPLE)),
    cut=st.integers(0, 40),
    insert=st.text(max_size=6) | st.sampled_from(["*a", "&a ", "~", "[", "- ", ": "]),
)
@settings(max_examples=60, deadline=None)
def test_a_damaged_example_is_loaded_or_refused_with_problems(at: int, cut: int, insert: str) -> None:
    load_or_refuse(EXAMPLE[:at] + insert + EXAMPLE[at + cut :])


@given(
    value=st.sampled_from(["5", "~", "[]", "{}", "true", "[[x]]", "{a: {b: c}}", "''", "x", "[1, ~]"]),
    line=st.integers(0, EXAMPLE.count("\n") - 1),
)
@settings(max_examples=60, deadline=None)
def test_any_value_in_any_place_is_loaded_or_refused_with_problems(value: str, line: int) -> None:
    lines = EXAMPLE.splitlines()
    lines[line] = f"{lines[line].partition(':')[0]}: {value}"
    load_or_refuse("\n".join(lines))


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_of_other_systems_make_no_difference(ending: str) -> None:
    assert load(EXAMPLE.replace("\n", ending)).digest == load(EXAMPLE).digest
