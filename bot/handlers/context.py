"""What every handler is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot.clock import Clock, real_now
from bot.config import PersonRef
from bot.delivery.client import CallFailed, SlackClient
from bot.delivery.metrics import GESTURES
from bot.directory.events import apply_event
from bot.errors import DeskbellError
from bot.failpoints import Commit
from bot.handlers.answers import Ack, needs_a_word, quiet_reply
from bot.handlers.payloads import Payload
from bot.store import Store
from bot.surfaces.commands import Handle, PersonId
from bot.workflows import by_message, configuring, homes, reading
from bot.workflows.desks import Desks, load_desks
from bot.workflows.gestures import AnyGesture
from bot.workflows.intake import Intake
from bot.workflows.names import read_names
from bot.workflows.outcomes import Outcome
from bot.workflows.reading import DeskView, TicketView

log = structlog.get_logger(__name__)


OPENS_CHANNELS = frozenset(
    {"channel_created", "channel_rename", "group_rename", "channel_unarchive", "group_unarchive"}
)
"""Events after which a desk may find a channel, and the bot may have to join it."""


@dataclass(frozen=True, kw_only=True)
class Handling:
    """The parts of the house that handlers speak to. `views` has a short timeout, for views.open alone."""

    store: Store
    clock: Clock
    intake: Intake
    views: SlackClient
    bot_user_id: Callable[[], str | None]
    look_again: Callable[[], None] = lambda: None
    """Called when a channel may be usable now that was not before."""
    wake: Callable[[], None] = lambda: None
    """Called when there is something to deliver."""
    missed: Callable[[], None] = lambda: None
    """Called when Slack has left out events."""

    def now(self) -> datetime:
        """The business instant."""
        return self.clock.now()

    def quietly(self, gesture: AnyGesture) -> Ack:
        """Decide; tell the person only what nothing visible says."""
        outcome = self.intake.handle(gesture)
        if not needs_a_word(outcome):
            return Ack()
        with self.store.read() as session:
            word = quiet_reply(session, gesture, outcome)
        return Ack(after=[word] if word else [])

    def desks(self) -> Desks:
        """The active desks."""
        with self.store.read() as session:
            return load_desks(session)

    def ticket(self, number: str) -> TicketView | None:
        """A ticket as forms show it."""
        with self.store.read() as session:
            ticket = reading.find_ticket(session, number)
            return reading.read_ticket(session, ticket.id) if ticket else None

    def names_in(self, text: str) -> dict[str, str]:
        """The names that a text mentions, by id."""
        with self.store.read() as session:
            return reading.mentioned_names(session, text)

    def person_named(self, said: PersonId | Handle | None) -> str | None:
        """The id of a person picked from Slack's list or typed by name; None when nobody or several fit."""
        if not isinstance(said, Handle):
            return said.id if said else None
        with self.store.read() as session:
            names = read_names(session)
        try:
            return names.person(PersonRef(f"@{said.name}"))
        except DeskbellError:
            return None

    def reachable(self, channel: str | None) -> str | None:
        """The channel, if the bot may say a direct word there."""
        with self.store.read() as session:
            return channel if channel and by_message.is_heard_in(session, channel) else None

    def open_view(self, trigger_id: str, view: dict[str, object]) -> bool:
        """Open a modal: before the acknowledgement, once. False when it could not be opened."""
        try:
            self.views.call("views.open", trigger_id=trigger_id, view=view)
        except CallFailed as failure:
            log.warning("a form could not be opened", reason=str(failure))
            return False
        return True

    def say_on_home(self, person_id: str, word: str | None) -> None:
        """Publish somebody's Home at once, with a line on top or without."""
        self.store.run(lambda session: homes.opened(session, person_id, said=word), Commit.HOMES)
        self.wake()

    def directory_event(self, event: Payload) -> None:
        """Let the directory follow an event; desks that lacked a name may find it now."""

        def work(session: Session) -> None:
            if apply_event(session, dict(event), real_now()):
                session.flush()
                configuring.resolve_desks(session)

        self.store.run(work, Commit.DIRECTORY_EVENT)
        kind, is_bot = event.get("type"), event.get("user") == self.bot_user_id()
        if kind in OPENS_CHANNELS or (kind == "member_joined_channel" and is_bot):
            self.look_again()


def count(gesture: AnyGesture, outcome: Outcome) -> None:
    """For `/metrics`."""
    GESTURES.labels(gesture.type, type(outcome).__name__.lower()).inc()


def desk_views(desks: Desks) -> list[DeskView]:
    """The desks as forms offer them."""
    return [DeskView(key=desk.key, name=desk.name, categories=desk.categories) for desk in desks.all]
