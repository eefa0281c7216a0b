"""Which gestures Slack was told "ok" about, and whether each of them has left its trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.clock import instant_of
from bot.models import Anchor, Comment, Inbox, Person, Reaction, Ticket, TimelineEvent
from bot.surfaces.ids import ACTION_OF
from bot.workflows.desks import load_desks
from sandbox.jsontypes import as_object, as_text, objects
from sandbox.seen import SeenEnvelope
from tests.faults.chaos.evidence import Seen

_NUMBER: Final = re.compile(r"\b(?:INC|REQ)-\d+\b")


def lost_gestures(seen: Seen, session: Session) -> Iterator[str]:
    """A sentence for each acknowledged gesture without a trace."""
    trace = Traces(seen, session)
    for envelope in seen.envelopes:
        if not envelope.acked:
            continue
        sentence = trace.missing(envelope)
        if sentence is not None:
            yield sentence


class Traces:
    """What gestures leave in the records."""

    def __init__(self, seen: Seen, session: Session) -> None:
        self._bot_user = seen.bot_user
        desks = load_desks(session).all
        self._emoji = {
            name: meaning for desk in desks for meaning, names in desk.emoji.items() for name in names
        }
        self._request_channels = {channel for desk in desks for channel in desk.request_channels}
        self._anchors = _anchors(session)
        self._ours = {(channel, message.ts) for channel, message in seen.ours()}
        self._reactions = {
            (row.channel, row.ts, row.person_id, row.emoji): row.event_ts
            for row in session.scalars(select(Reaction))
        }
        self._outsiders = {
            person.id
            for person in session.scalars(select(Person))
            if person.is_guest or person.is_stranger or person.is_app or person.is_deactivated
        }
        self._comments = {(row.channel, row.ts) for row in session.scalars(select(Comment))}
        self._tickets = {row.number: row for row in session.scalars(select(Ticket))}
        self._origins = {(row.origin_channel, row.origin_ts) for row in self._tickets.values()}
        self._forms = {
            key.split(":")[1] for key in session.scalars(select(Inbox.dedupe_key)) if key.startswith("form:")
        }

    def _stood_for_a_ticket(self, place: tuple[str, str], at: str) -> bool:
        """Whether a message stood for a ticket when somebody did something with it (a `ts` of Slack)."""
        since = self._anchors.get(place)
        return since is not None and (place in self._ours or instant_of(at) > since)

    def missing(self, envelope: SeenEnvelope) -> str | None:
        """What is missing of an acknowledged gesture; None when nothing is."""
        match envelope.name.partition(".")[0]:
            case "reaction_added" | "reaction_removed":
                return self._reaction(envelope)
            case "message" | "app_mention":
                return self._message(envelope) if "." not in envelope.name else None
        match as_text(envelope.payload.get("type")):
            case "view_submission":
                return self._form(envelope)
            case "block_actions":
                return self._button(envelope)
        return None

    def _reaction(self, envelope: SeenEnvelope) -> str | None:
        event = envelope.event
        item, who, emoji = (
            as_object(event.get("item")),
            as_text(event.get("user")),
            as_text(event.get("reaction")),
        )
        place = as_text(item.get("channel")), as_text(item.get("ts"))
        meaning = self._emoji.get(emoji)
        if who == self._bot_user or who in self._outsiders or meaning is None:
            return None
        if meaning == "raise":
            added = envelope.name == "reaction_added"
            is_there = place in self._origins or place in self._anchors
            is_there = is_there or place[0] not in self._request_channels
            return None if is_there or not added else f"No ticket was raised from {place} by its emoji."
        at = as_text(event.get("event_ts"))
        if not self._stood_for_a_ticket(place, at):
            return None
        is_known = self._reactions.get((*place, who, emoji), "") >= at
        return None if is_known else f"The {emoji} of {who} on {place} is not known."

    def _message(self, envelope: SeenEnvelope) -> str | None:
        event = envelope.event
        who, thread_ts = as_text(event.get("user")), as_text(event.get("thread_ts"))
        channel, ts = as_text(event.get("channel")), as_text(event.get("ts"))
        if who == self._bot_user or who in self._outsiders or event.get("bot_id"):
            return None
        if thread_ts and self._stood_for_a_ticket((channel, thread_ts), ts):
            is_kept = (channel, ts) in self._comments | self._origins
            return None if is_kept else f"The message {ts} in {channel} is on no ticket."
        is_request = channel in self._request_channels and f"<@{self._bot_user}>" in as_text(
            event.get("text")
        )
        if is_request and not thread_ts and (channel, ts) not in self._origins:
            return f"No ticket was raised from the mention {ts} in {channel}."
        return None

    def _form(self, envelope: SeenEnvelope) -> str | None:
        answers = [attempt.ack.get("response_action") for attempt in envelope.attempts]
        view = as_text(as_object(envelope.payload.get("view")).get("id"))
        if any(answers) or view in self._forms:
            return None
        return f"The form {view} was accepted and is not known."

    def _button(self, envelope: SeenEnvelope) -> str | None:
        """A button is refused without a trace where somebody else was faster: then that is on the ticket."""
        for pressed in objects(envelope.payload.get("actions")):
            number = as_text(pressed.get("value"))
            if as_text(pressed.get("action_id")) not in _AT_ONCE or not _NUMBER.fullmatch(number):
                continue
            ticket = self._tickets.get(number)
            if ticket is None or ticket.version < 2:
                return f"{as_text(pressed.get('action_id'))} on {number} changed nothing."
        return None


def _anchors(session: Session) -> dict[tuple[str, str], datetime]:
    """The messages that stand for a ticket, and since when the ticket has been known."""
    raised = (
        select(Anchor.channel, Anchor.ts, TimelineEvent.recorded_at)
        .join(TimelineEvent, TimelineEvent.ticket_id == Anchor.ticket_id)
        .where(TimelineEvent.seq == 1)
    )
    return {(channel, ts): recorded_at for channel, ts, recorded_at in session.execute(raised)}


_AT_ONCE: Final = frozenset(
    action_id for action_id, action in ACTION_OF.items() if action.value in ("claim", "wait", "cancel")
)
"""Buttons that ask nothing first."""
