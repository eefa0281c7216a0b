"""The `desks` section: one desk, and what two desks cannot share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.config import source
from bot.config.calendars import MON_FRI, timezone, weekday_list
from bot.config.model import (
    DEFAULT_CATEGORIES,
    REVIEWS,
    Agents,
    ChannelRef,
    Desk,
    Digest,
    EmojiMap,
    MembersOf,
    People,
    Role,
    Usergroup,
    frozen,
)
from bot.config.resolving import ChannelTaken
from bot.config.shapes import (
    Key,
    Place,
    Shape,
    UnreadableError,
    Values,
    choice,
    in_order,
    many,
    named,
    optional,
    required,
    table,
)
from bot.config.shifts import settled, shifts
from bot.config.slas import sla_name
from bot.config.values import (
    channel,
    duration,
    duration_or_none,
    emoji,
    person,
    short_text,
    time_of_day,
    usergroup,
)
from bot.models.vocabulary import Kind
from bot.service_levels.calendars import format_time, format_weekdays
from bot.service_levels.durations import DAY, MINUTE, format_duration

# Slack shows up to 75 characters of a choice in a menu.
_LONGEST_CHOICE = 75
_MOST_CHOICES = 100
_DEFAULT_EMOJI = EmojiMap().gestures()

AT = optional("at", time_of_day, "The local time of day.", 9 * 60, shown=format_time(9 * 60))
DAYS = optional("days", weekday_list, "The weekdays.", MON_FRI, shown=format_weekdays(MON_FRI))
DIGEST_REVIEWS = optional(
    "reviews",
    in_order(many(choice(REVIEWS, "a review")), REVIEWS),
    "The service reviews that come besides: weekly, monthly, or both.",
    (),
    shown=(),
)
digest: Shape[Digest] = table(
    (AT, DAYS, DIGEST_REVIEWS),
    lambda _place, values: Digest(at=values[AT], days=values[DAYS], reviews=values[DIGEST_REVIEWS]),
)

_GESTURE_DOCS = {
    "raise": "On a message in a request channel: raise a ticket from it.",
    "claim": "On a card: take the ticket.",
    "resolve": "On a card: resolve the ticket.",
    "wait": "On a card: wait for the requester.",
    "urgent": "On a card: urgency high.",
    "private": "On a message or a card: make it private, or raise a private ticket from it.",
}
_GESTURES = tuple(
    optional(name, many(emoji), doc, _DEFAULT_EMOJI[name], shown=_DEFAULT_EMOJI[name])
    for name, doc in _GESTURE_DOCS.items()
)


def _build_emoji(place: Place, values: Values) -> EmojiMap:
    meant: dict[str, str] = {}
    clash = False
    for key in _GESTURES:
        for name in values[key]:
            first = meant.setdefault(name, key.name)
            if first != key.name:
                clash = True
                given = {entry.key for entry in place.entries()}
                at = place.at(key.name if key.name in given else first)
                by_default = "" if {first, key.name} <= given else " (one of them by default)"
                at.problem(f'"{name}" stands for {first} and for {key.name}{by_default}. Change one.')
    if clash:
        raise UnreadableError(place.path)
    raise_, claim, resolve, wait, urgent, private = (values[key] for key in _GESTURES)
    return EmojiMap(raise_=raise_, claim=claim, resolve=resolve, wait=wait, urgent=urgent, private=private)


emoji_map: Shape[EmojiMap] = table(_GESTURES, _build_emoji)

MEMBERS_OF = optional("members_of", channel, "Everybody in this channel.", None)
USERGROUP = optional("usergroup", usergroup, "Everybody in this user group, by its handle.", None)


def _build_group(place: Place, values: Values) -> Agents:
    members_of, handle = values[MEMBERS_OF], values[USERGROUP]
    if members_of is not None and handle is None:
        return MembersOf(members_of)
    if handle is not None and members_of is None:
        return Usergroup(handle)
    raise place.fail("Exactly one belongs here: members_of, usergroup, or a list of people.")


_group = table((MEMBERS_OF, USERGROUP), _build_group)
_people = many(person, at_least=1)


def _read_agents(place: Place) -> Agents:
    if isinstance(place.node, source.Mapping):
        return _group.read(place)
    return People(_people.read(place))


agents: Shape[Agents] = Shape(_read_agents, {"anyOf": [_group.schema, _people.schema]})

SLA_OF_KIND = tuple(optional(str(kind), sla_name, f"The SLA of each {kind}.", None) for kind in Kind)


NO_SLAS: Mapping[Kind, str] = frozen({})


def _build_slas(_place: Place, values: Values) -> Mapping[Kind, str]:
    chosen = ((Kind(key.name), values[key]) for key in SLA_OF_KIND)
    return frozen({kind: name for kind, name in chosen if name is not None})


NAME = optional("name", short_text(_LONGEST_CHOICE), "What people call the desk; without it, its key.", None)
TIMEZONE = optional("timezone", timezone, "The IANA time zone of the desk.", "UTC", shown="UTC")
REQUEST_CHANNELS = optional(
    "request_channels", many(channel), "Channels where the raise emoji makes a ticket.", (), shown=()
)
TRIAGE_CHANNEL = required("triage_channel", channel, "The channel where the cards are posted.")
MANAGERS_CHANNEL = optional("managers_channel", channel, "The channel of digests and escalations.", None)
AGENTS = optional(
    "agents",
    agents,
    "Who works on tickets: {members_of: channel}, {usergroup: handle} or a list of people.",
    None,
)
LEADS = optional("leads", many(person), "Who leads the agents.", (), shown=())
MANAGERS = optional("managers", many(person), "Who answers for the desk.", (), shown=())
SHIFTS = optional(
    "shifts",
    shifts,
    "Who is on duty when; without it, every agent is, at any time.",
    (),
    shown=(),
)
SLAS: Key[Mapping[Kind, str]] = optional(
    "slas", table(SLA_OF_KIND, _build_slas), "The SLA of each kind of ticket.", NO_SLAS, shown={}
)
CLOSE_AFTER = optional(
    "close_after", duration, "Time from resolved to closed.", 3 * DAY, shown=format_duration(3 * DAY)
)
UNDO_WITHIN = optional(
    "undo_within",
    duration_or_none,
    "Time in which taking an emoji away undoes what it did; 0s turns this off.",
    5 * MINUTE,
    shown=format_duration(5 * MINUTE),
)
DIGEST = optional("digest", digest, "When the daily digest is posted; without it, there is none.", None)
EMOJI = optional("emoji", emoji_map, "The emoji of each gesture, by name without colons.", EmojiMap())
CATEGORIES = optional(
    "categories",
    many(short_text(_LONGEST_CHOICE), at_least=1, at_most=_MOST_CHOICES),
    "What people choose from when they raise a ticket.",
    DEFAULT_CATEGORIES,
    shown=DEFAULT_CATEGORIES,
)
KEYS = (
    NAME,
    TIMEZONE,
    REQUEST_CHANNELS,
    TRIAGE_CHANNEL,
    MANAGERS_CHANNEL,
    AGENTS,
    LEADS,
    MANAGERS,
    SHIFTS,
    SLAS,
    CLOSE_AFTER,
    UNDO_WITHIN,
    DIGEST,
    EMOJI,
    CATEGORIES,
)


def _build_desk(place: Place, values: Values) -> Desk:
    key = place.path.rpartition(".")[2]
    triage = values[TRIAGE_CHANNEL]
    desk = Desk(
        key=key,
        name=values[NAME] or key,
        timezone=values[TIMEZONE],
        request_channels=values[REQUEST_CHANNELS],
        triage_channel=triage,
        managers_channel=values[MANAGERS_CHANNEL],
        agents=values[AGENTS] or MembersOf(triage),
        leads=values[LEADS],
        managers=values[MANAGERS],
        shifts=settled(values[SHIFTS], desk_timezone=values[TIMEZONE]),
        slas=values[SLAS],
        close_after=values[CLOSE_AFTER],
        undo_within=values[UNDO_WITHIN],
        digest=values[DIGEST],
        emoji=values[EMOJI],
        categories=values[CATEGORIES],
    )
    _warn_of_open_doors(place, desk)
    _refuse_digest_for_nobody(place, desk)
    _warn_of_escalations_to_nobody(place, desk)
    return desk


def _warn_of_open_doors(place: Place, desk: Desk) -> None:
    if isinstance(desk.agents, MembersOf) and desk.agents.channel in desk.request_channels:
        place.at("agents").warn(f"Everybody in {desk.agents.channel}, a request channel, is an agent.")
    if desk.managers_channel in desk.request_channels:
        place.at("managers_channel").warn(
            f"Everybody in {desk.managers_channel}, a request channel, reads digests."
        )


def _refuse_digest_for_nobody(place: Place, desk: Desk) -> None:
    if desk.digest is not None and desk.managers_channel is None:
        place.at("digest").problem(
            "The digest is posted in managers_channel, which is not set. Set it, or remove the digest."
        )


def _warn_of_escalations_to_nobody(place: Place, desk: Desk) -> None:
    first_use = {name: kind for kind, name in reversed(list(desk.slas.items()))}
    for name, kind in first_use.items():
        sla = place.reading.slas[name]
        told = set(sla.recipients()) if sla else set()
        at = place.at("slas").at(kind)
        if Role("managers") in told and desk.managers_channel is None:
            at.warn(f"SLA {name} escalates to managers. Set managers_channel, where they are told.")
        if Role("leads") in told and not desk.leads:
            at.warn(f"SLA {name} escalates to leads, and this desk has none. Name them under leads.")


_desks = named(table(KEYS, _build_desk))


def _read_desks(place: Place) -> Mapping[str, Desk]:
    desks = _desks.read(place)
    owners: dict[ChannelRef, str] = {}
    for key, desk in desks.items():
        for at, (channel_ref, use) in _uses(place.at(key), desk):
            taken = owners.setdefault(channel_ref, use)
            if taken != use:
                at.problem(str(ChannelTaken(channel_ref, taken)))
    return desks


def _uses(place: Place, desk: Desk) -> Iterator[tuple[Place, tuple[ChannelRef, str]]]:
    *requests, triage = desk.uses()
    yield from zip(place.at("request_channels").items(), requests, strict=False)
    yield place.at("triage_channel"), triage


desks: Shape[Mapping[str, Desk]] = Shape(_read_desks, _desks.schema)
