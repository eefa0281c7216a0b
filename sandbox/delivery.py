"""Hands envelopes to the app: one try after another, until one is acknowledged."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sandbox.event_cap import EventCap
from sandbox.events import AppEvent
from sandbox.faults import Faults
from sandbox.ids import new_id, new_uuid
from sandbox.journal import Attempt, EnvelopeRecord, Journal
from sandbox.jsontypes import JsonObject, as_text
from sandbox.settings import Settings
from sandbox.workspace import Workspace

EnvelopeKind = Literal["events_api", "interactive", "slash_commands"]
Outcome = Literal["acked", "timeout", "lost", "refused", "failed"]

_ANSWERED = frozenset({"view_submission", "block_suggestion"})
# Seconds before each redelivery of an event; Slack gives up after the third.
RETRY_DELAYS = (0.0, 60.0, 300.0)


@dataclass(frozen=True)
class Outgoing:
    """One try as a transport sees it."""

    envelope_id: str
    kind: EnvelopeKind
    payload: JsonObject
    retry_attempt: int = 0
    retry_reason: str = ""

    @property
    def accepts_response(self) -> bool:
        """True where the acknowledgement may say something: commands, submitted forms, suggestions."""
        return self.kind == "slash_commands" or self.payload.get("type") in _ANSWERED


@dataclass(frozen=True)
class Answer:
    """How a try ended. `ack` is the body of the acknowledgement, empty for a bare one."""

    outcome: Outcome
    via: str = ""
    ack: JsonObject = field(default_factory=dict)
    detail: str = ""
    may_retry: bool = True
    reason: str = ""
    """Slack's word for what went wrong, where `outcome` does not tell it."""

    @property
    def retry_reason(self) -> str:
        """Slack's word for why the next try happens."""
        known = {"timeout": "http_timeout", "failed": "http_error"}
        return self.reason or known.get(self.outcome, "connection_failed")


class Transport(Protocol):
    """Socket Mode or HTTP."""

    name: str

    async def send(self, outgoing: Outgoing, timeout: float) -> Answer:
        """Hands over one envelope and waits for its acknowledgement."""
        ...


class Delivery:
    """Events are redelivered, interactions and commands are not."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        journal: Journal,
        settings: Settings,
        faults: Faults,
        transport: Transport,
    ) -> None:
        self._workspace = workspace
        self._journal = journal
        self._settings = settings
        self._faults = faults
        self.transport = transport
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()
        self._withheld: list[EnvelopeRecord] = []
        self._cap = EventCap()

    def send_event(self, event: AppEvent) -> None:
        """Sends an event now and, if needed, again later. Returns at once."""
        if self._faults.standing("lose_events") is not None:
            return
        verdict = self._cap.take(time.time(), self._settings.events_per_hour * self._settings.rate_scale)
        if verdict == "tell":
            self._start(self._deliver(self._limited_record()))
        if verdict != "pass":
            return
        duplicate = self._faults.standing("duplicate_events")
        payload = event_envelope(event.body, self._workspace, event_id=new_id("Ev"), shared=_is_shared(event))
        self._start(self._deliver(self._event_record(event, payload)))
        if duplicate is not None:
            duplicate.used += 1
            for _ in range(max(1, duplicate.count)):
                again = payload if duplicate.same_id else payload | {"event_id": new_id("Ev")}
                self._start(self._deliver(self._event_record(event, again)))

    def _limited_record(self) -> EnvelopeRecord:
        app = self._workspace.app
        payload: JsonObject = {
            "token": app.verification_token,
            "type": "app_rate_limited",
            "team_id": self._workspace.team.id,
            "minute_rate_limited": int(time.time()) // 60 * 60,
            "api_app_id": app.app_id,
        }
        return self._journal.envelope("events_api", "app_rate_limited", payload)

    def _event_record(self, event: AppEvent, payload: JsonObject) -> EnvelopeRecord:
        name = as_text(event.body.get("type"))
        subtype = as_text(event.body.get("subtype"))
        return self._journal.envelope("events_api", f"{name}.{subtype}" if subtype else name, payload)

    async def send_interaction(self, kind: EnvelopeKind, name: str, payload: JsonObject) -> Answer:
        """Sends a command or an interaction once and waits for the acknowledgement."""
        record = self._journal.envelope(kind, name, payload)
        return await self._attempt(record, kind, number=0, reason="")

    async def verify_url(self, challenge: str) -> bool:
        """Sends Slack's url_verification and tells whether the challenge came back."""
        token = self._workspace.app.verification_token
        payload: JsonObject = {"type": "url_verification", "token": token, "challenge": challenge}
        record = self._journal.envelope("events_api", "url_verification", payload)
        answer = await self._attempt(record, "events_api", number=0, reason="")
        return challenge in {answer.ack.get("challenge"), answer.ack.get("text")}

    def hurry(self) -> None:
        """Lets every event that waits for its redelivery go now, and releases what is withheld."""
        self._hurry.set()
        self._hurry = asyncio.Event()
        self.release()

    def release(self) -> None:
        """Sends the events held back by `withhold_events`."""
        withheld, self._withheld = self._withheld, []
        for record in withheld:
            self._start(self._deliver(record, held=True))

    async def stop(self) -> None:
        """Cancels whatever is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def later(self, work: Coroutine[None, None, None]) -> None:
        """Runs what Slack does in the background, until the sandbox stops or is reset."""
        self._start(work)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, record: EnvelopeRecord, *, held: bool = False) -> None:
        if not held and self._faults.standing("withhold_events") is not None:
            self._withheld.append(record)
            self._wait(record, "withheld")
            return
        shuffle = self._faults.standing("shuffle_events")
        if shuffle is not None:
            await asyncio.sleep(random.uniform(0, shuffle.seconds or 0.5))
        answer = await self._attempt(record, "events_api", number=0, reason="")
        for number, delay in enumerate(RETRY_DELAYS, start=1):
            if answer.outcome == "acked" or not answer.may_retry:
                break
            await self._pause(record, delay * self._settings.retry_scale)
            answer = await self._attempt(record, "events_api", number=number, reason=answer.retry_reason)
        if answer.outcome != "acked":
            self._wait(record, "given_up")

    def _wait(self, record: EnvelopeRecord, reason: str, seconds: float | None = None) -> None:
        record.waits = reason
        record.next_try = None if seconds is None else round(time.time() + seconds, 3)
        self._journal.changed(record)

    async def _pause(self, record: EnvelopeRecord, seconds: float) -> None:
        if seconds <= 0:
            return
        self._wait(record, "redelivery", seconds)
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            return

    async def _attempt(
        self, record: EnvelopeRecord, kind: EnvelopeKind, *, number: int, reason: str
    ) -> Answer:
        outgoing = Outgoing(new_uuid(), kind, record.payload, number, reason)
        attempt = Attempt(number, outgoing.envelope_id, self._workspace.clock.now(), self.transport.name)
        record.attempts.append(attempt)
        record.waits, record.next_try = "", None
        self._journal.changed(record)
        started = asyncio.get_running_loop().time()
        answer = await self.transport.send(outgoing, self._settings.ack_timeout)
        attempt.outcome = answer.outcome
        attempt.ack, attempt.detail = answer.ack, answer.detail
        if answer.via:
            attempt.via = answer.via
        if answer.outcome == "acked":
            attempt.ack_ms = round((asyncio.get_running_loop().time() - started) * 1000, 2)
        self._judge(record, kind, answer)
        self._journal.changed(record)
        return answer

    def _judge(self, record: EnvelopeRecord, kind: EnvelopeKind, answer: Answer) -> None:
        if answer.outcome == "timeout":
            detail = f"{record.name} was not acknowledged within {self._settings.ack_timeout:g} s"
            self._journal.violation("ack_timeout", kind, detail)
        if answer.outcome == "failed":
            self._journal.violation("ack_failed", kind, f"{record.name}: {answer.detail}")
        # Over HTTP the body of such an answer is ignored; on a socket it was not asked for.
        if answer.outcome == "acked" and kind == "events_api" and answer.ack and answer.via != "http":
            self._journal.violation("ack_payload", kind, f"{record.name} was acknowledged with a payload")


def _is_shared(event: AppEvent) -> bool:
    return bool(event.channel and event.channel.is_ext_shared)


def event_envelope(body: JsonObject, workspace: Workspace, *, event_id: str, shared: bool) -> JsonObject:
    """The outer `event_callback` object."""
    app = workspace.app
    context = {"et": body.get("type"), "tid": workspace.team.id, "aid": app.app_id}
    return {
        "token": app.verification_token,
        "team_id": workspace.team.id,
        "context_team_id": workspace.team.id,
        "context_enterprise_id": None,
        "api_app_id": app.app_id,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(workspace.clock.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team.id,
                "user_id": app.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": "4-" + base64.urlsafe_b64encode(json.dumps(context).encode()).decode().rstrip("="),
    }
