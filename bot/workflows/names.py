"""What the names in desk.yaml mean: ids, by what the directory knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import config
from bot.config import ChannelCard, ChannelRef, PersonCard, PersonRef
from bot.errors import DeskbellError
from bot.models import Channel, Person, Usergroup
from bot.workflows.desks import AgentSource, Definition

Ref = TypeVar("Ref", PersonRef, ChannelRef, str)


class UnknownUsergroup(DeskbellError):
    """No user group has this handle."""

    def __init__(self, handle: str) -> None:
        super().__init__(f'No user group is known as "{handle}". Correct the handle in desk.yaml.')


@dataclass(frozen=True)
class Names:
    """The people, channels and user groups that the directory knows."""

    people: tuple[PersonCard, ...]
    channels: tuple[ChannelCard, ...]
    usergroups: dict[str, str]
    """Handle (lower case) → id."""
    former: tuple[PersonCard, ...] = ()
    """People whose accounts are deactivated: they may still be named, and are left out."""

    def person(self, ref: PersonRef) -> str:
        """Raises Unresolved or Ambiguous."""
        return config.resolve_person(ref, self.people)

    def has_left(self, ref: PersonRef) -> bool:
        """Whether a name is that of a deactivated account, and of no other."""
        return not _resolves(ref, self.people) and _resolves(ref, self.former)

    def channel(self, ref: ChannelRef) -> str:
        """Raises Unresolved or Ambiguous."""
        return config.resolve_channel(ref, self.channels)

    def usergroup(self, handle: str) -> str:
        """Raises UnknownUsergroup."""
        found = self.usergroups.get(handle.removeprefix("@").lower())
        if found is None:
            raise UnknownUsergroup(handle)
        return found


def read_names(session: Session) -> Names:
    """What the directory knows at the moment. Archived channels and deactivated people do not count."""
    people = session.scalars(select(Person).where(Person.is_deactivated.is_(False), Person.is_app.is_(False)))
    channels = session.scalars(select(Channel).where(Channel.is_archived.is_(False)))
    groups = session.scalars(select(Usergroup).where(Usergroup.is_disabled.is_(False)))
    return Names(
        people=tuple(PersonCard(p.id, p.handle, p.name, p.email) for p in people),
        channels=tuple(ChannelCard(c.id, c.name) for c in channels),
        usergroups={group.handle.lower(): group.id for group in groups},
        former=tuple(
            PersonCard(p.id, p.handle, p.name, p.email)
            for p in session.scalars(select(Person).where(Person.is_deactivated, Person.is_app.is_(False)))
        ),
    )


def _resolves(ref: PersonRef, people: tuple[PersonCard, ...]) -> bool:
    try:
        config.resolve_person(ref, people)
    except DeskbellError:
        return False
    return True


class Lookup:
    """What names mean at one desk: what they were found to mean `before`, else what the directory knows.

    `ids` collects what was found, `missing` what a desk can do without and was not, with the reason.
    """

    def __init__(self, names: Names, before: Definition | None = None) -> None:
        self._names = names
        self._missed = frozenset(before.missing if before else ())
        self.ids: dict[str, str] = dict(before.ids) if before else {}
        self.missing: dict[PersonRef | ChannelRef, DeskbellError] = {}

    def person(self, ref: PersonRef) -> str:
        """Raises Unresolved or Ambiguous."""
        return self._kept(ref.text, self._names.person, ref)

    def channel(self, ref: ChannelRef) -> str:
        """Raises Unresolved or Ambiguous."""
        return self._kept(ref.text, self._names.channel, ref)

    def agents(self, source: config.Agents) -> AgentSource:
        """Raises Unresolved or Ambiguous, or UnknownUsergroup."""
        match source:
            case config.MembersOf(channel):
                return AgentSource(kind="channel", ids=(self.channel(channel),))
            case config.People(people):
                return AgentSource(kind="people", ids=self.present(people))
            case config.Usergroup(handle):
                # A person may be written the same way, with @.
                found = self._kept(f"user group {handle}", self._names.usergroup, handle)
                return AgentSource(kind="usergroup", ids=(found,))

    def present(self, refs: Iterable[PersonRef]) -> tuple[str, ...]:
        """Those who have not left. Raises Unresolved or Ambiguous for a name that nobody ever bore."""
        return self._found(refs, lambda ref: ref.text in self._missed or self._names.has_left(ref))

    def known(self, refs: Iterable[PersonRef]) -> tuple[str, ...]:
        """Those who can be found."""
        return self._found(refs, lambda _: True)

    def recipient(self, to: config.Recipient) -> None:
        """Look somebody up whom an escalation names, and need not find."""
        if isinstance(to, config.Role):
            return
        try:
            if isinstance(to, ChannelRef):
                self.channel(to)
            else:
                self.person(to)
        except DeskbellError as error:
            self.missing[to] = error

    def _found(self, refs: Iterable[PersonRef], may_miss: Callable[[PersonRef], bool]) -> tuple[str, ...]:
        found = []
        for ref in refs:
            try:
                found.append(self.person(ref))
            except DeskbellError as error:
                if not may_miss(ref):
                    raise
                self.missing[ref] = error
        return tuple(found)

    def _kept(self, name: str, find: Callable[[Ref], str], ref: Ref) -> str:
        if name not in self.ids:
            self.ids[name] = find(ref)
        return self.ids[name]
