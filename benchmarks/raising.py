"""How long Slack waits: raising and claiming against what a stock Bolt app takes for an empty listener."""

from __future__ import annotations

import hashlib
import hmac
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from urllib.parse import urlencode

from slack_bolt import App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from sqlalchemy import insert

from bot import config
from bot.clock import Clock, real_now
from bot.delivery.client import SlackClient
from bot.handlers.adapters import http_dispatcher
from bot.handlers.bolt import Identity, build_bolt
from bot.handlers.context import Handling
from bot.models import Anchor, Channel, Desk, Membership, Person, Ticket
from bot.store import Store
from bot.store.migrate import upgrade
from bot.surfaces.ids import INPUT, BlockId, CallbackId, FormContext
from bot.web.signature import verify
from bot.workflows.desks import AgentSource, Definition
from bot.workflows.intake import Intake
from bot.workflows.policies import Resolver, put_in_force

SECRET = "benchmark"
ROUNDS = 1500
STOCK_ROUNDS = 100
TEAM, BOT = "T1", "UBOT"

DESK = """
calendars:
  office: {timezone: Europe/Berlin, mon-fri: ["08:00-12:00", "13:00-17:00"], holidays: DE-BE}
slas:
  standard:
    calendar: office
    warn_at: [50%, 80%]
    pause_while: [waiting_requester]
    targets:
      P1: {respond: 15m, resolve: 4h, update: 30m}
      P2: {respond: 1h, resolve: 8h}
      P3: {respond: 4h, resolve: 24h}
      P4: {respond: 8h, resolve: 40h}
      P5: {respond: 16h, resolve: 80h}
    escalate:
      - {at: "resolve breach", to: [assignee, leads]}
      - {at: "resolve breach + 1h", to: managers}
desks:
  it: {request_channels: [C1], triage_channel: C2, slas: {incident: standard}}
"""
"""What the desk of every benchmark promises."""

Send = Callable[[bytes, str], int]


def signed(body: bytes) -> dict[str, str]:
    """Slack's signature headers for a body."""
    timestamp = str(int(time.time()))
    base = b"v0:" + timestamp.encode() + b":" + body
    signature = "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}


def timed(send: Send, bodies: Iterator[tuple[bytes, str]]) -> list[float]:
    """Seconds from body to acknowledgement, each."""
    seconds = []
    for body, content_type in bodies:
        start = time.perf_counter()
        status = send(body, content_type)
        seconds.append(time.perf_counter() - start)
        if status != 200:
            raise RuntimeError(f"answered {status}: the benchmark measures nothing")
    return seconds


def stock_bolt() -> list[float]:
    """A Bolt app as its documentation shows it, with an empty listener."""

    def authorize(**_: object) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id=TEAM,
            bot_id="B1",
            bot_user_id=BOT,
            bot_token="xoxb-1",
        )

    app = App(signing_secret=SECRET, authorize=authorize)
    app.view("form.raise")(lambda ack: ack())

    def send(body: bytes, content_type: str) -> int:
        headers: dict[str, str | Sequence[str]] = {"content-type": content_type, **signed(body)}
        return app.dispatch(BoltRequest(body=body.decode(), headers=headers)).status

    return timed(send, (form(number) for number in range(STOCK_ROUNDS)))


def form(number: int) -> tuple[bytes, str]:
    """A `view_submission` that raises a ticket."""
    values = {
        BlockId.DESCRIPTION.value: {
            INPUT: {"type": "plain_text_input", "value": f"Printer {number} is on fire"}
        }
    }
    payload = {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "bench"},
        "user": {"id": "U1", "team_id": TEAM},
        "api_app_id": "A1",
        "trigger_id": f"{number}.1",
        "view": {
            "id": f"V{number}",
            "team_id": TEAM,
            "type": "modal",
            "callback_id": CallbackId.RAISE.value,
            "hash": "1.a",
            "private_metadata": FormContext(channel="C1", desk_key="it").to_metadata(),
            "state": {"values": values},
        },
    }
    return urlencode({"payload": json.dumps(payload)}).encode(), "application/x-www-form-urlencoded"


def reaction(number: int) -> tuple[bytes, str]:
    """A `reaction_added` that claims a ticket."""
    event = {
        "type": "reaction_added",
        "user": "U2",
        "reaction": "eyes",
        "item": {"type": "message", "channel": "C2", "ts": f"1700000000.{number:06}"},
        "event_ts": f"1700000100.{number:06}",
    }
    body = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": "A1",
        "event_id": f"Ev{number}",
        "event": event,
        "authorizations": [{"team_id": TEAM, "user_id": BOT, "is_bot": True}],
    }
    return json.dumps(body).encode(), "application/json"


@contextmanager
def deskbell() -> Iterator[tuple[Store, Send]]:
    """The product's way in: verifier, Bolt, handlers, a durable SQLite file; nothing is sent to Slack."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade(url)
        store = Store(url)
        fill(store)
        handling = Handling(
            store=store,
            clock=Clock(),
            intake=Intake(store, Clock()),
            views=SlackClient("xoxb-1"),
            bot_user_id=lambda: BOT,
        )
        identity = Identity(team_id=TEAM, bot_id="B1", bot_user_id=BOT, bot_token="xoxb-1")
        handle = http_dispatcher(
            build_bolt(handling, lambda: identity), replies=lambda _: None, park=lambda *_: None
        )

        def send(body: bytes, content_type: str) -> int:
            headers = {"content-type": content_type, **signed(body)}
            authentic = verify(
                (SECRET,),
                timestamp=headers["x-slack-request-timestamp"],
                signature=headers["x-slack-signature"],
                body=body,
                now=time.time(),
            )
            return handle(body, headers).status if authentic else 401

        yield store, send
        store.close()


def fill(store: Store) -> None:
    """A desk, a requester and an agent, freshly known."""
    definition = Definition(
        key="it",
        name="IT",
        timezone="UTC",
        request_channels=("C1",),
        triage_channel="C2",
        managers_channel=None,
        agents=AgentSource(kind="channel", ids=("C2",)),
        leads=(),
        managers=(),
        administrators=None,
        close_after=3600,
        undo_within=300,
        emoji={"raise": ("ticket",), "claim": ("eyes",), "resolve": ("white_check_mark",)},
        categories=("Other",),
        matrix={f"{i}/{u}": "P3" for i in ("low", "medium", "high") for u in ("low", "medium", "high")},
    )
    now = real_now()
    resolver = Resolver({})
    with store.write() as session:
        promised = put_in_force(session, config.load(DESK).config, "it", resolver, now)
        definition = replace(definition, policies=promised)
        for person in ("U1", "U2"):
            session.add(Person(id=person, team_id=TEAM, handle=person, name=person, refreshed_at=now))
        for channel in ("C1", "C2"):
            session.add(Channel(id=channel, name=channel, refreshed_at=now, members_refreshed_at=now))
        session.add(Membership(channel_id="C2", person_id="U2"))
        session.add(
            Desk(
                key="it",
                position=0,
                name="IT",
                definition=definition.to_json(),
                is_active=True,
                configuration_id=1,
            )
        )


def anchor_cards(store: Store) -> None:
    """Give every ticket its card, as delivery would have."""
    with store.write() as session:
        rows = [
            {"channel": "C2", "ts": f"1700000000.{index:06}", "ticket_id": ticket_id, "role": "card"}
            for index, ticket_id in enumerate(
                session.scalars(Ticket.__table__.select().with_only_columns(Ticket.id))
            )
        ]
        session.execute(insert(Anchor), rows)


def p99(seconds: list[float]) -> float:
    """The 99th percentile."""
    return quantiles(seconds, n=100)[98]


def report() -> bool:
    """Print the ratios; whether all bounds hold."""
    stock = stock_bolt()
    with deskbell() as (store, send):
        timed(send, (form(10**6 + number) for number in range(50)))
        raised = timed(send, (form(number) for number in range(ROUNDS)))
        anchor_cards(store)
        claimed = timed(send, (reaction(number) for number in range(ROUNDS)))
    base50, base99 = median(stock), p99(stock)
    rate = len(raised) / sum(raised)
    rows = [
        ("raise, p50 / stock p50", median(raised) / base50, 0.25),
        ("raise, p99 / stock p99", p99(raised) / base99, 1.0),
        ("claim, p50 / stock p50", median(claimed) / base50, 0.25),
        ("claim, p99 / stock p99", p99(claimed) / base99, 1.0),
    ]
    print(f"stock Bolt, empty listener: p50 {base50 * 1e3:.2f} ms, p99 {base99 * 1e3:.2f} ms")
    for name, ratio, bound in rows:
        print(f"{name:<28} {ratio:6.3f}x  (at most {bound}x)")
    print(f"{'raise, tickets per second':<28} {rate:6.0f}   (at least 300)")
    return all(ratio <= bound for _, ratio, bound in rows) and rate >= 300
