"""A Home on its way to Slack. `views.publish` replaces what it showed before, so nothing is looked for first.

An older view that arrives late is held off by Slack's hash; what is published already is not published again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from bot.clock import real_now
from bot.delivery.attempt import Attempt
from bot.delivery.calls import Call
from bot.delivery.client import Answer, NotSent, Refused
from bot.models import HomeTab, Outbox
from bot.models.base import canonical
from bot.store import outbox
from bot.store.outbox import HOMES, REFRESHED_HOMES
from bot.surfaces import home
from bot.workflows import homes
from bot.workflows.following import REST
from bot.workflows.gestures import LookedHome
from bot.workflows.homes import HomeView
from bot.workflows.intake import keep_waiting
from bot.workflows.outcomes import FactsMissing

FIRST_LINKS: Final = timedelta(seconds=2)
"""A card most often follows its ticket so soon."""
MOST_LOOKS: Final = 10
"""For a quarter of an hour, less and less often: a card that cannot be posted does not keep Homes busy."""
_CONFLICT: Final = "hash_conflict"
NOBODY_THERE: Final = frozenset({"user_not_found", "user_disabled", "user_not_visible", "users_not_found"})
"""The refusals that nobody can mend: there is nobody to look."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A Home as it is to be published, and what is there already."""

    view: HomeView
    payload: dict[str, object]
    digest: str
    version: int
    looks: int
    known_digest: str | None
    slack_hash: str | None


class HomeAttempt(Attempt):
    """Works on the claim of a Home."""

    def _deliver(self) -> None:
        try:
            drawn = self._drawn()
        except FactsMissing as missing:
            self._look_up(missing)
            return
        if drawn is None:
            self._lay_aside()
        elif drawn.digest == drawn.known_digest and self._claim.first_try_at is None:
            self._settled(drawn, drawn.slack_hash)
        else:
            self._publish(drawn)

    def _drawn(self) -> Drawn | None:
        """None when nobody looks any more. Raises FactsMissing."""
        try:
            with self._bench.store.read() as session:
                return draw(session, self._claim.id)
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            # A fault of ours in one delivery must not stop the others.
            self._log.exception("a Home could not be drawn")
            raise Refused(f"could_not_be_rendered: {type(error).__name__}") from error

    def _publish(self, drawn: Drawn) -> None:
        try:
            answer = self._call(self._publishing(drawn, drawn.slack_hash))
        except Refused as refusal:
            if _says_nobody(refusal):
                self._supersede(f"Slack knows nobody to show it to ({refusal.error}).")
                return
            if refusal.error != _CONFLICT:
                raise
            newest = self._drawn()
            if newest is None:
                self._lay_aside()
                return
            drawn, answer = newest, self._call(self._publishing(newest, None))
        self._settled(drawn, _hash_of(answer))

    def _publishing(self, drawn: Drawn, slack_hash: str | None) -> Call:
        args: dict[str, object] = {
            "user_id": self._claim.person_id,
            "view": drawn.payload,
            "hash": slack_hash,
        }
        return Call("views.publish", args)

    def _settled(self, drawn: Drawn, slack_hash: str | None) -> None:
        again = drawn.view.lacks_links and drawn.looks < MOST_LOOKS
        seconds = FIRST_LINKS * 2.0**drawn.looks if again else REST

        def settle(session: Session, now: datetime) -> bool:
            claim, person_id = self._claim, self._claim.person_id or ""
            is_mine = outbox.published(
                session,
                claim,
                shown_version=drawn.version,
                now=now,
                rest=seconds / self._bench.pacer.factor,
                again=again,
            )
            if is_mine:
                homes.published(session, person_id, drawn.view, digest=drawn.digest, slack_hash=slack_hash)
            return is_mine

        self._write(settle, outcome="sent")

    def _lay_aside(self) -> None:
        """Nobody looks any more; unless somebody opened it just now."""

        def settle(session: Session, now: datetime) -> bool:
            claim = self._claim
            session.get(Outbox, claim.id, with_for_update=True)
            if homes.is_current(session.get(HomeTab, claim.person_id), real_now()):
                return outbox.release(session, claim)
            return outbox.superseded(session, claim, reason="Nobody has looked at it for hours.", now=now)

        self._write(settle)

    def _not_sent(self, failure: NotSent) -> None:
        """Slack limits the method, whoever waits for it."""
        if failure.retry_after is not None:
            for lane in (HOMES, REFRESHED_HOMES):
                self._bench.pacer.push(lane, failure.retry_after)
        super()._not_sent(failure)

    def _look_up(self, missing: FactsMissing) -> None:
        """What it takes to know what they may see is read first; what they see until then stays."""
        claim = self._claim
        gesture = LookedHome(
            key=f"{claim.key}:{claim.token}",
            person_id=claim.person_id or "",
            at=real_now(),
            is_opening=False,
        )

        def settle(session: Session, now: datetime) -> bool:
            row = session.get_one(Outbox, claim.id)
            is_mine = outbox.published(
                session, claim, shown_version=row.wanted_version, now=now, rest=REST, again=False
            )
            return is_mine and keep_waiting(session, gesture, missing)

        self._write(settle)


def draw(session: Session, row_id: int) -> Drawn | None:
    """The Home of a delivery; None when nobody looks any more. Raises FactsMissing.

    The wanted version is read before the records: what is shown is then never older than it claims to be.
    """
    row = session.get_one(Outbox, row_id)
    version = row.wanted_version
    tab = session.get(HomeTab, row.person_id)
    if tab is None or not homes.is_current(tab, real_now()):
        return None
    view = homes.read_home(session, tab)
    payload = home.home(view)
    return Drawn(
        view=view,
        payload=payload,
        digest=hashlib.sha256(canonical(payload).encode()).hexdigest(),
        version=version,
        looks=tab.looks,
        known_digest=tab.digest,
        slack_hash=tab.slack_hash,
    )


def _says_nobody(refusal: Refused) -> bool:
    is_about_person = refusal.error == "invalid_arguments" and "user_id" in refusal.detail
    return is_about_person or refusal.error in NOBODY_THERE


def _hash_of(answer: Answer) -> str | None:
    view = answer.get("view")
    found = view.get("hash") if isinstance(view, dict) else None
    return found if isinstance(found, str) else None
