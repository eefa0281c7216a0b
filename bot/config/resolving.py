"""Names → ids, given the people and channels there are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.config.model import ChannelRef, PersonRef
from bot.errors import DeskbellError


@dataclass(frozen=True, slots=True)
class PersonCard:
    """A person as Slack knows them."""

    id: str
    handle: str
    display_name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelCard:
    """A channel as Slack knows it; `name` without #."""

    id: str
    name: str


class Unresolved(DeskbellError):
    """Nobody and nothing has this name."""

    def __init__(self, ref: PersonRef | ChannelRef) -> None:
        self.ref = ref
        if isinstance(ref, ChannelRef):
            said = f'No channel is known as "{ref}". If it is private, invite the bot; else correct the name.'
        else:
            said = f'No person is known as "{ref}". Correct the name in desk.yaml, or give the id.'
        super().__init__(said)


class Ambiguous(DeskbellError):
    """Several have this name; `ids` lists them, sorted."""

    def __init__(self, ref: PersonRef | ChannelRef, ids: Iterable[str]) -> None:
        self.ref = ref
        self.ids = tuple(sorted(ids))
        super().__init__(f'"{ref}" fits {", ".join(self.ids)}. Write one of these ids in desk.yaml instead.')


class ChannelTaken(DeskbellError):
    """A channel has one use, for one desk; `use` says which it has already."""

    def __init__(self, ref: ChannelRef, use: str) -> None:
        super().__init__(f"{ref} is already the {use}. A channel has one use, for one desk.")


def resolve_person(ref: PersonRef, people: Sequence[PersonCard]) -> str:
    """The id of the person meant: by id, by e-mail, or by handle and then display name, in any case.

    A handle wins over a display name. Raises `Unresolved` or `Ambiguous`.
    """
    if ref.is_id:
        return _only(ref, [p.id for p in people if p.id == ref.text]) or _nobody(ref)
    if ref.is_email:
        return _only(ref, [p.id for p in people if _same(p.email or "", ref.text)]) or _nobody(ref)
    name = ref.text.removeprefix("@")
    by_handle = _only(ref, [p.id for p in people if _same(p.handle, name)])
    return by_handle or _only(ref, [p.id for p in people if _same(p.display_name, name)]) or _nobody(ref)


def resolve_channel(ref: ChannelRef, channels: Sequence[ChannelCard]) -> str:
    """The id of the channel meant, by id or by name. Raises `Unresolved` or `Ambiguous`."""
    if ref.is_id:
        return _only(ref, [c.id for c in channels if c.id == ref.text]) or _nobody(ref)
    name = ref.text.removeprefix("#")
    return _only(ref, [c.id for c in channels if _same(c.name, name)]) or _nobody(ref)


def _only(ref: PersonRef | ChannelRef, ids: Iterable[str]) -> str | None:
    found = set(ids)
    if len(found) > 1:
        raise Ambiguous(ref, found)
    return found.pop() if found else None


def _nobody(ref: PersonRef | ChannelRef) -> str:
    raise Unresolved(ref)


def _same(one: str, other: str) -> bool:
    return one.strip().casefold() == other.strip().casefold()
