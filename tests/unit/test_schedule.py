"""The ticker: each concern at its interval, how far behind it is, and what others see of it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bot.clock import monotonic, real_now
from bot.models import Heartbeat
from bot.schedule import Concern, Schedule
from bot.store import Store, StoreUnavailable
from bot.workflows import heartbeats

QUICK = 0.02
PATIENCE = 20.0


@pytest.fixture
def running() -> Iterator[Callable[..., Schedule]]:
    """Starts schedules, and stops them in the end."""
    started: list[Schedule] = []

    def start(**concerns: Concern) -> Schedule:
        schedule = Schedule(concerns)
        started.append(schedule)
        schedule.start()
        return schedule

    yield start
    for schedule in started:
        schedule.stop()


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    path = tmp_path / "deskbell.db"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    yield store
    store.close()


def wait_until(condition: Callable[[], bool]) -> None:
    end, pause = monotonic() + PATIENCE, threading.Event()
    while not condition():
        assert monotonic() < end, "it did not happen in time"
        pause.wait(0.005)


def nothing() -> None:
    """A concern with nothing to do."""


def test_before_the_start_nothing_is_late() -> None:
    schedule = Schedule({"clocks": Concern(nothing)})
    assert (schedule.lag(), schedule.lags(), schedule.last_rounds()) == (0.0, {}, {})


def test_each_concern_goes_round_again_and_again(running: Callable[..., Schedule]) -> None:
    rounds = {"clocks": 0, "reports": 0}

    def going(name: str) -> Callable[[], None]:
        def go() -> None:
            rounds[name] += 1

        return go

    schedule = running(clocks=Concern(going("clocks"), QUICK), reports=Concern(going("reports"), QUICK))
    wait_until(lambda: min(rounds.values()) >= 3)
    assert set(schedule.last_rounds()) == {"clocks", "reports"}


def test_a_slow_round_is_never_overtaken_by_the_next(running: Callable[..., Schedule]) -> None:
    busy, overlaps, rounds = threading.Lock(), [], []

    def slow() -> None:
        if not busy.acquire(blocking=False):
            overlaps.append(1)
            return
        threading.Event().wait(3 * QUICK)
        rounds.append(1)
        busy.release()

    running(slow=Concern(slow, QUICK))
    wait_until(lambda: len(rounds) >= 3)
    assert overlaps == []


def test_a_round_that_hangs_makes_its_concern_late_and_no_other(running: Callable[..., Schedule]) -> None:
    let_go = threading.Event()
    schedule = running(hangs=Concern(lambda: let_go.wait(PATIENCE), QUICK), goes=Concern(nothing, 60))
    try:
        wait_until(lambda: schedule.lags()["hangs"] > 5 * QUICK)
        assert schedule.lag() == pytest.approx(schedule.lags()["hangs"], abs=1)
        assert schedule.lags()["goes"] == 0.0
    finally:
        let_go.set()
    wait_until(lambda: schedule.lags()["hangs"] < 5 * QUICK)


def test_a_database_that_is_away_costs_rounds_and_shows_as_lag(running: Callable[..., Schedule]) -> None:
    is_away = threading.Event()
    is_away.set()

    def work() -> None:
        if is_away.is_set():
            raise StoreUnavailable("The database is away.")

    with capture_logs() as said:
        schedule = running(clocks=Concern(work, QUICK))
        wait_until(lambda: schedule.lag() > 5 * QUICK)
        assert schedule.last_rounds() == {}
        is_away.clear()
        wait_until(lambda: "clocks" in schedule.last_rounds())
        schedule.stop()
    about = [entry["event"] for entry in said if entry.get("concern") == "clocks"]
    assert about == ["rounds are skipped", "rounds are made again"], "an outage must not flood the log"


def test_a_concern_that_fails_is_named_and_stops_no_other(running: Callable[..., Schedule]) -> None:
    is_mended, other = threading.Event(), threading.Event()

    def work() -> None:
        if not is_mended.is_set():
            raise ValueError("no such figure")

    schedule = running(reports=Concern(work, QUICK), close=Concern(other.set, QUICK))
    wait_until(lambda: schedule.problems() != [])
    assert "reports: ValueError: no such figure" in schedule.problems()[0]
    assert other.wait(PATIENCE)
    is_mended.set()
    wait_until(lambda: schedule.problems() == [])


def test_stopping_lets_a_round_finish() -> None:
    began, ended = threading.Event(), threading.Event()

    def work() -> None:
        began.set()
        threading.Event().wait(5 * QUICK)
        ended.set()

    schedule = Schedule({"clocks": Concern(work, QUICK)})
    schedule.start()
    assert began.wait(PATIENCE)
    schedule.stop()
    assert ended.is_set()
    schedule.stop()  # again is no fault


# --- what others see ---


def beats(store: Store) -> dict[tuple[str, str], object]:
    with store.read() as session:
        return {(row.owner, row.concern): row.at for row in session.scalars(select(Heartbeat))}


def test_a_process_writes_when_it_last_looked_after_what(store: Store) -> None:
    first, second = real_now(), real_now() + timedelta(seconds=1)
    heartbeats.beat(store, {"clocks": first, "reports": first})
    heartbeats.beat(store, {"clocks": second})
    assert beats(store) == {(store.owner, "clocks"): second, (store.owner, "reports"): first}


def test_replicas_beat_beside_each_other_and_the_dead_are_forgotten(store: Store) -> None:
    other = Store(store.engine.url.render_as_string(hide_password=False))
    try:
        heartbeats.beat(other, {"clocks": real_now()})
        heartbeats.beat(store, {"clocks": real_now()})
        assert {owner for owner, _ in beats(store)} == {store.owner, other.owner}
        with store.write() as session:
            longest = real_now() - heartbeats.FORGOTTEN_AFTER - timedelta(seconds=1)
            session.execute(update(Heartbeat).where(Heartbeat.owner == other.owner).values(at=longest))
        heartbeats.beat(store, {"clocks": real_now()})
        assert {owner for owner, _ in beats(store)} == {store.owner}
    finally:
        other.close()


def test_who_leaves_takes_its_beat_along(store: Store) -> None:
    heartbeats.beat(store, {"clocks": real_now()})
    heartbeats.leave(store)
    assert beats(store) == {}
