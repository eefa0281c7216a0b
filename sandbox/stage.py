"""People at a service desk, acting through the control API: what the example and the tour are played with.

Everything here is something a person can do and see. What should follow is waited for, never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.client import Found, SandboxClient, WaitTimeout
from sandbox.jsontypes import as_number, as_object, as_text, objects
from sandbox.seen import SeenMessage, SeenView

HELP = "#it-help"
TRIAGE = "#it-triage"
COMMAND = "/ticket"
SHORTCUT = "raise_ticket"

CONNECT_TIMEOUT = 60.0
PATIENCE = 15.0

_NUMBER = re.compile(r"\b(?:INC|REQ)-\d+\b")


class StoryFailed(Exception):
    """Something did not happen as told; the sentence says what was waited for."""


@dataclass(frozen=True, kw_only=True)
class Ticket:
    """A ticket as people know it: its number, its card, and the root of its conversation."""

    number: str
    card: str
    channel: str
    root: str
    is_private: bool = False


class Stage:
    """A workspace with a desk's bot in it."""

    def __init__(self, client: SandboxClient) -> None:
        self.client = client

    # -- waiting ------------------------------------------------------------------------------------------

    def until(self, look: Callable[[], Found | None], what: str, *, timeout: float = PATIENCE) -> Found:
        """What `look` finds, as soon as it finds something. Raises StoryFailed when it takes too long."""
        try:
            found = self.client.wait_until(look, timeout=timeout, message=what)
        except WaitTimeout as late:
            raise StoryFailed(str(late)) from late
        if found is None:
            raise StoryFailed(f"There is no {what}.")
        return found

    def wait_for_the_bot(self) -> None:
        """Returns when the bot is connected."""

        def is_connected() -> bool:
            conditions = self.client.read("conditions")
            return as_number(conditions.get("sockets")) > 0 or conditions.get("transport") == "http"

        self.until(is_connected, "the bot to connect", timeout=CONNECT_TIMEOUT)

    def require_fresh(self) -> None:
        """Raises StoryFailed where people have written already: there the story would not be understood."""
        if any(not message.app_id for message in self.client.messages(HELP)):
            raise StoryFailed("Somebody has written in this workspace already; start a new sandbox.")

    def card_shows(self, ticket: Ticket, *words: str) -> SeenMessage:
        """The card, once it shows all of these words."""
        return self.message_shows(TRIAGE, ticket.card, *words)

    def message_shows(self, channel: str, ts: str, *words: str) -> SeenMessage:
        """A message, once it shows all of these words."""

        def look() -> SeenMessage | None:
            message = self.client.message(channel, ts)
            return message if message and all(word in message.everything for word in words) else None

        return self.until(look, f"a message in {channel} to show {' and '.join(map(repr, words))}")

    def reply_shows(self, channel: str, root: str, words: str) -> SeenMessage:
        """The reply in a thread that contains these words, once it is there."""

        def look() -> SeenMessage | None:
            thread = self.client.messages(channel, root)
            return next((m for m in thread if m.ts != root and words in m.everything), None)

        return self.until(look, f"{words!r} in the thread in {channel}")

    def told(self, person: str, words: str) -> SeenMessage:
        """What only this person sees, once it contains these words."""

        def look() -> SeenMessage | None:
            return next((e for e in reversed(self.client.ephemerals(person)) if words in e.everything), None)

        return self.until(look, f"{person} to be told {words!r}")

    def form(self, person: str) -> SeenView:
        """The form that opens for somebody."""
        return self.until(lambda: self.client.view(person), f"a form to open for {person}")

    # -- raising ------------------------------------------------------------------------------------------

    def raise_in_form(self, person: str, channel: str, words: str, **values: str) -> Ticket:
        """`/ticket words`, then the form, with `values` by label where they differ from what it proposes."""
        self.client.command(person, channel, COMMAND, words)
        self.form(person)
        return self.send_form(person, channel, words, **values)

    def send_form(self, person: str, channel: str, words: str, **values: str) -> Ticket:
        """Submits the raise form that is open, with `values` by short name or label."""
        self.fill_in(person, **values)
        return self._raised(words, lambda number: self._root_of(number, person, channel))

    def raise_by_emoji(self, person: str, ts: str, words: str) -> Ticket:
        """🎫 on a message in #it-help."""
        self.client.react(person, HELP, ts, "ticket")
        return self._raised(words, lambda _number: (HELP, ts))

    def raise_by_shortcut(self, person: str, channel: str, ts: str, words: str) -> Ticket:
        """ "Raise a ticket" from a message's menu."""
        self.client.shortcut(person, SHORTCUT, channel, ts)
        return self._raised(words, lambda _number: (channel, ts))

    def raise_directly(self, person: str, words: str) -> Ticket:
        """A direct message to the bot; the card of such a ticket says nothing of what it is about."""
        channel = self.client.open_dm(person)
        ts = self.client.post(person, channel, words)
        word = self.until(lambda: self._our_word(channel, ts, ""), f"an answer to {words!r}")
        number = number_in(word)
        card = self.until(lambda: self._card_about(number), f"the card of {number}")
        return Ticket(number=number, card=card.ts, channel=channel, root=ts, is_private=True)

    def _raised(self, words: str, conversation: Callable[[str], tuple[str, str] | None]) -> Ticket:
        card = self.until(lambda: self._card_about(words), f"a card about {words!r}")
        number = number_in(card)
        channel, root = self.until(lambda: conversation(number), f"the conversation of {number}")
        self.until(lambda: self._our_word(channel, root, number), f"word of {number} in its conversation")
        return Ticket(number=number, card=card.ts, channel=channel, root=root)

    def _card_about(self, words: str) -> SeenMessage | None:
        start = words[:40]
        cards = reversed(self.client.messages(TRIAGE))
        return next((card for card in cards if card.buttons and start in card.everything), None)

    def _root_of(self, number: str, person: str, channel: str) -> tuple[str, str] | None:
        """In #it-help the bot posts a root; from elsewhere it writes directly."""
        place = HELP if channel == HELP else self.client.open_dm(person)
        roots = [m for m in self.client.messages(place) if m.app_id and number in m.everything]
        return (place, roots[-1].ts) if roots else None

    def _our_word(self, channel: str, root: str, number: str) -> SeenMessage | None:
        thread = self.client.messages(channel, root)
        return next((m for m in thread if m.app_id and number in m.everything), None)

    # -- working ------------------------------------------------------------------------------------------

    def claim(self, person: str, ticket: Ticket) -> None:
        """👀 on the card."""
        self.client.react(person, TRIAGE, ticket.card, "eyes")
        self.card_shows(ticket, f"{self.name(person)} claimed it")

    def say(self, person: str, ticket: Ticket, words: str) -> SeenMessage:
        """An agent writes in the card's thread; returns what the requester sees of it."""
        self.client.post(person, TRIAGE, words, ticket.card)
        return self.reply_shows(ticket.channel, ticket.root, words)

    def answer(self, person: str, ticket: Ticket, words: str) -> SeenMessage:
        """Somebody writes in the conversation; returns what the desk sees of it."""
        before = len(self.client.messages(TRIAGE, ticket.card))
        self.client.post(person, ticket.channel, words, ticket.root)
        if not ticket.is_private:
            return self.reply_shows(TRIAGE, ticket.card, words)

        def look() -> SeenMessage | None:
            thread = self.client.messages(TRIAGE, ticket.card)
            return thread[-1] if len(thread) > before else None

        return self.until(look, f"word in the thread of {ticket.number} that somebody answered")

    def note(self, person: str, ticket: Ticket, words: str) -> None:
        """A note in the card's thread, which stays with the desk."""
        self.client.post(person, TRIAGE, f"note: {words}", ticket.card)
        self.card_shows(ticket, "added a note")

    def press(self, person: str, ticket: Ticket, button: str, **values: str) -> None:
        """A button on the card; with `values`, by label, also the form that it opens."""
        self.client.click(person, TRIAGE, ticket.card, button)
        if not values:
            return
        self.form(person)
        self.fill_in(person, **values)

    def resolve(self, person: str, ticket: Ticket, fixed: str) -> SeenMessage:
        """The button Resolve and its form; returns the word that the requester gets."""
        self.press(person, ticket, "Resolve", fixed=fixed)
        return self.reply_shows(ticket.channel, ticket.root, fixed)

    def fill_in(self, person: str, **values: str) -> None:
        """Fills in the form that is open, by short name or label, and submits it."""
        entered = {_LABELS.get(name, name): value for name, value in values.items()}
        result = self.client.submit(person, entered)
        if result.errors or not result.acked:
            raise StoryFailed(f"The form of {person} was not accepted: {result.error or result.errors}.")

    # -- people -------------------------------------------------------------------------------------------

    def name(self, handle: str) -> str:
        """What a person is called."""
        return self.names()[self.client.user_id(handle)]

    def names(self) -> dict[str, str]:
        """What people and channels are called, by id."""
        space = self.client.workspace()
        users = {
            as_text(user["id"]): as_text(as_object(user.get("profile")).get("display_name"))
            or as_text(user.get("real_name"))
            for user in objects(space.get("users"))
        }
        channels = {as_text(c["id"]): as_text(c.get("name")) for c in objects(space.get("channels"))}
        return users | channels


_LABELS = {
    "description": "What is it about?",
    "kind": "Which is it?",
    "affected": "What is affected?",
    "impact": "How many people does it touch?",
    "urgency": "How much does it hold up?",
    "category": "Category",
    "title": "Title",
    "reason": "Why does it change?",
    "note": "Note",
    "fixed": "What fixed it?",
    "done": "What was done?",
    "assignee": "Who takes it?",
}
"""The inputs of the desk's forms."""


def number_in(message: SeenMessage) -> str:
    """The number of the ticket that a message names first. Raises StoryFailed."""
    found = _NUMBER.search(message.everything)
    if found is None:
        raise StoryFailed(f"No ticket's number stands in {message.text!r}.")
    return found[0]
