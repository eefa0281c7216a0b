"""The tour: a ticket's life, played with the real bot and written down like a film script.

`python -m sandbox.tour --url URL` plays it in a fresh example workspace. The bot is quoted with what the
workspace holds.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rich.console import Console

from sandbox.client import SandboxClient, SandboxRefused, SandboxUnreachable
from sandbox.emoji_names import characters
from sandbox.plain_text import Reader
from sandbox.screenplay import WIDTH, Screenplay
from sandbox.seen import SeenMessage, SeenView
from sandbox.stage import COMMAND, HELP, TRIAGE, Stage, StoryFailed, Ticket

ZONE = ZoneInfo("Europe/Berlin")
CLOSE_AFTER = 3 * 86400.0
MANAGERS = "#it-managers"
EVERYBODY, STOPPED = "high", "high"
"""Impact and urgency of a P1."""

IN_HELP = "#it-help, where people ask"
IN_TRIAGE = "#it-triage, where the agents are"


class Tour:
    """The cast, the stage, and what has been raised so far."""

    def __init__(self, client: SandboxClient, play: Screenplay) -> None:
        self.client = client
        self.stage = Stage(client)
        self.play = play
        self.names = self.stage.names()
        self.screen: Ticket | None = None
        self.agent = "ben"
        self.other = "kim"

    @property
    def ticket(self) -> Ticket:
        """Ana's ticket."""
        if self.screen is None:
            raise StoryFailed("Ana has raised no ticket yet.")
        return self.screen

    def name(self, handle: str) -> str:
        return self.stage.name(handle)

    # -- quoting ------------------------------------------------------------------------------------------

    def lines(self, message: SeenMessage) -> list[str]:
        """What a message shows, its reactions last."""
        reader = Reader(self.names, datetime.fromtimestamp(self.client.now(), UTC), ZONE)
        marks = [
            f"{characters().get(name, name)} {len(people)}" for name, people in message.reactions.items()
        ]
        return [*reader.lines(message), *(["  ".join(marks)] if marks else [])]

    def quote(self, message: SeenMessage, *, only: int | None = None) -> None:
        """A message as the workspace holds it; `only` so many lines of it."""
        author = message.raw.get("username") or self.names[message.user]
        self.play.message(str(author), self.lines(message)[:only])

    def card(self, *words: str) -> None:
        """What the card says of Ana's ticket, once it shows these words."""
        self.play.screen(IN_TRIAGE)
        self.quote(self.stage.card_shows(self.ticket, *words), only=2)

    def root(self, *words: str) -> None:
        """The bot's message that stands for Ana's ticket, once it shows these words."""
        self.play.screen(IN_HELP)
        self.quote(self.stage.message_shows(self.ticket.channel, self.ticket.root, *words))

    def posted(self, channel: str, *words: str) -> SeenMessage | None:
        """The newest message in a channel that shows all of these words."""
        messages = reversed(self.client.messages(channel))
        return next((m for m in messages if all(word in m.everything for word in words)), None)

    def alone(self, handle: str, words: str) -> None:
        """What only one person sees."""
        self.play.screen(f"only {self.name(handle)} sees")
        self.play.message(self.name("@app"), self.lines(self.stage.told(handle, words)))

    def form(self, view: SeenView, submit: str) -> None:
        """A form with what stands in it."""
        self.play.form(view.title, fields_of(view), f"[{submit}]")


def fields_of(view: SeenView) -> list[tuple[str, str]]:
    """Labels and values of a form; what may be left out and is empty is shown as such."""
    fields = []
    for block in view.blocks:
        if block.get("type") != "input":
            continue
        label, element = block.get("label"), block.get("element")
        if not isinstance(label, dict) or not isinstance(element, dict):
            continue
        entry = view.values.get(str(block.get("block_id")))
        entered = entry.get(str(element.get("action_id"))) if isinstance(entry, dict) else None
        fields.append((str(label.get("text")), _entered(entered) or _empty(optional=block.get("optional"))))
    return fields


def _entered(entry: object) -> str:
    if not isinstance(entry, dict):
        return ""
    option = entry.get("selected_option")
    if isinstance(option, dict) and isinstance(option.get("text"), dict):
        return str(option["text"].get("text"))
    return str(entry.get("value") or "")


def _empty(*, optional: object) -> str:
    return "(optional)" if optional else ""


# -- the scenes -------------------------------------------------------------------------------------------


def a_problem(tour: Tour) -> None:
    """Ana has a problem"""
    words = "My second screen stays black"
    tour.play.tell(f"In {HELP}, Ana types:")
    tour.play.types(f"{COMMAND} {words}")
    tour.client.command("ana", HELP, COMMAND, words)
    tour.play.tell("A form opens for her. Only the first field has to be filled in, and it is already:")
    tour.form(tour.stage.form("ana"), "Raise")
    tour.play.tell("She presses Raise.")
    tour.screen = ticket = tour.stage.send_form("ana", HELP, words)
    tour.root(ticket.number)
    tour.play.screen(IN_TRIAGE)
    tour.quote(tour.stage.card_shows(ticket, words))


def a_race(tour: Tour) -> None:
    """Two agents, one ticket"""
    tour.play.tell("👀 on the card claims the ticket. Ben and Kim both put it there, in the same instant.")
    with ThreadPoolExecutor(2) as pool:
        claims = [
            pool.submit(tour.client.react, who, TRIAGE, tour.ticket.card, "eyes") for who in ("ben", "kim")
        ]
        for claim in claims:
            claim.result()
    card = tour.stage.card_shows(tour.ticket, "claimed it")
    tour.agent, tour.other = ("ben", "kim") if "Ben claimed it" in card.everything else ("kim", "ben")
    first, late = tour.name(tour.agent), tour.name(tour.other)
    tour.card("claimed it")
    tour.play.tell(f"{first} was faster. {late} is told, and Ana sees who takes care of it:")
    tour.alone(tour.other, f"has {tour.ticket.number}")
    tour.root(f"{first} is on it")


def a_second_thought(tour: Tour) -> None:
    """Given back, and taken"""
    first, second = tour.agent, tour.other
    tour.play.tell(f"{tour.name(first)} is called away and takes the 👀 off again: the ticket is free.")
    tour.client.unreact(first, TRIAGE, tour.ticket.card, "eyes")
    tour.card("released it", "nobody has it yet")
    tour.play.tell(f"{tour.name(second)} presses [Claim]. A button does the same as the emoji.")
    tour.stage.press(second, tour.ticket, "Claim")
    tour.card(f"{tour.name(second)} claimed it")
    tour.agent, tour.other = second, first


def talking(tour: Tour) -> None:
    """Talking"""
    agent = tour.name(tour.agent)
    tour.play.tell(f"{agent} answers in the thread of the card:")
    words = "Hi Ana. Is the cable in the left socket or in the right one?"
    tour.play.types(words)
    heard = tour.stage.say(tour.agent, tour.ticket, words)
    tour.play.tell(f"Ana reads it in her own thread, under {agent}’s name, and replies there:")
    tour.play.screen(f"the thread in {HELP}")
    tour.quote(heard)
    words = "In the right one. Is that bad?"
    tour.play.types(words)
    answered = tour.stage.answer("ana", tour.ticket, words)
    tour.play.screen("the thread of the card")
    tour.quote(answered)
    tour.play.tell(f"What begins with “note:” stays with the agents. {agent} writes one:")
    kept = "note: the right sockets gave up after the last update, order new docks"
    tour.play.types(kept)
    tour.client.post(tour.agent, TRIAGE, kept, tour.ticket.card)
    tour.stage.card_shows(tour.ticket, "added a note")
    overheard = [m for m in tour.client.messages(HELP, tour.ticket.root) if "docks" in m.everything]
    if overheard:
        raise StoryFailed("The note was shown to Ana.")
    tour.play.tell("Nothing of that appears in Ana’s thread.")


def waiting(tour: Tour) -> None:
    """Waiting for Ana"""
    agent = tour.name(tour.agent)
    words = "Would you try the left one?"
    tour.play.tell(f"{agent} asks her to try something, and puts ⌛ on the card while it is her turn:")
    tour.play.types(words)
    tour.stage.say(tour.agent, tour.ticket, words)
    tour.client.react(tour.agent, TRIAGE, tour.ticket.card, "hourglass")
    tour.card("Waiting for the requester")
    tour.root("waiting for an answer")
    words = "Left works!"
    tour.play.tell("Ana answers, and by that alone the ticket is in progress again:")
    tour.play.types(words)
    tour.stage.answer("ana", tour.ticket, words)
    tour.card("In progress")


def urgency(tour: Tour) -> None:
    """How urgent is it?"""
    tour.play.tell(
        "The priority follows from how many people it touches and how much it holds up. "
        "Lea puts 🚨 on the card: very much. P3 becomes P2."
    )
    tour.client.react("lea", TRIAGE, tour.ticket.card, "rotating_light")
    tour.card("P2")
    tour.play.tell("It was the wrong card. She takes the 🚨 off, and that undoes it.")
    tour.client.unreact("lea", TRIAGE, tour.ticket.card, "rotating_light")
    tour.card("P3", "took back")


def resolved(tour: Tour) -> None:
    """Resolved"""
    tour.play.tell(f"{tour.name(tour.agent)} presses [Resolve] and says in the form what fixed it:")
    tour.client.click(tour.agent, TRIAGE, tour.ticket.card, "Resolve")
    tour.stage.form(tour.agent)
    words = "The right socket of the dock is broken. The left one works."
    tour.play.types(words)
    tour.stage.fill_in(tour.agent, fixed=words)
    tour.play.tell("Ana is told, and has three days to disagree:")
    tour.play.screen(f"the thread in {HELP}")
    tour.quote(tour.stage.reply_shows(tour.ticket.channel, tour.ticket.root, words))
    tour.root("resolved")


def reopened(tour: Tour) -> None:
    """Not quite"""
    agent = tour.name(tour.agent)
    word = tour.stage.reply_shows(tour.ticket.channel, tour.ticket.root, "The left one works.")
    tour.play.tell("The screen goes dark again. Ana presses [Reopen]: same ticket, same agent.")
    tour.client.click("ana", HELP, word.ts, "Reopen")
    tour.card("In progress", "reopened it")
    tour.play.tell(f"{agent} brings a new dock. This time ✅ on the card resolves it, and Deskbell asks:")
    tour.client.react(tour.agent, TRIAGE, tour.ticket.card, "white_check_mark")
    tour.stage.card_shows(tour.ticket, "Resolved")
    tour.alone(tour.agent, f"{tour.ticket.number} is resolved")
    words = "A new dock."
    tour.play.tell(f"{agent} replies in the thread of the card, and Ana reads it as the resolution:")
    tour.play.types(words)
    tour.client.post(tour.agent, TRIAGE, words, tour.ticket.card)
    tour.play.screen(f"the thread in {HELP}")
    tour.quote(tour.stage.reply_shows(tour.ticket.channel, tour.ticket.root, words))


def by_emoji(tour: Tour) -> None:
    """Without a command"""
    words = "The scanner at dock 3 beeps and does nothing else"
    tour.play.tell(f"Tom does not know about tickets. He just writes in {HELP}:")
    tour.play.types(words)
    asked = tour.client.post("tom", HELP, words)
    tour.play.tell("Ben puts 🎫 on the message. That makes it a ticket, and Tom the one who asked:")
    ticket = tour.stage.raise_by_emoji("ben", asked, words)
    tour.play.screen(f"Tom’s thread in {HELP}")
    tour.quote(tour.stage.reply_shows(HELP, asked, ticket.number))
    tour.play.tell("Noor had the same idea a moment later. There is one ticket per thread, ever:")
    tour.client.react("noor", HELP, asked, "ticket")
    tour.alone("noor", ticket.number)
    tour.play.tell("Tom is impatient and puts 👀 on it himself. Only agents can claim:")
    tour.client.react("tom", HELP, asked, "eyes")
    tour.alone("tom", "Only agents")


def by_shortcut(tour: Tour) -> None:
    """From any message"""
    words = "Does anybody know who sets up new phones?"
    tour.play.tell("Noor asks in #general:")
    tour.play.types(words)
    asked = tour.client.post("noor", "#general", words)
    tour.play.tell("Lea opens the menu of the message and chooses “Raise a ticket”:")
    ticket = tour.stage.raise_by_shortcut("lea", "#general", asked, words)
    tour.play.screen("Noor’s thread in #general")
    tour.quote(tour.stage.reply_shows("#general", asked, ticket.number))


def the_queue(tour: Tour) -> None:
    """What is there to do?"""
    tour.play.tell("Kim types:")
    tour.play.types(f"{COMMAND} queue")
    answer = tour.client.command("kim", TRIAGE, COMMAND, "queue")
    if not answer.acked:
        raise StoryFailed(f"{COMMAND} queue was not answered: {answer.error}.")
    tour.alone("kim", "The queue")


def the_end(tour: Tour) -> None:
    """Three days later"""
    tour.play.tell("Ana is happy, and three days pass. (Here, the workspace’s clock is set forward.)")
    tour.client.skip(CLOSE_AFTER + 60)
    tour.card("Closed")
    words = "It is dark again, with the new dock."
    tour.play.tell("Then she replies in the old thread. What is closed stays closed; a new ticket goes on:")
    tour.play.types(words)
    tour.client.post("ana", HELP, words, tour.ticket.root)
    tour.play.screen(f"the thread in {HELP}")
    tour.quote(
        tour.stage.reply_shows(tour.ticket.channel, tour.ticket.root, f"continues {tour.ticket.number}")
    )


def the_clock(tour: Tour) -> None:
    """Nobody answers"""
    words = "The mail server is down"
    tour.play.tell(
        "Noor raises something that touches everybody and stops them: a P1. "
        "Its desk.yaml promises an answer within 15 minutes, day and night."
    )
    ticket = tour.stage.raise_in_form("noor", HELP, words, impact=EVERYBODY, urgency=STOPPED)
    tour.play.screen(IN_TRIAGE)
    tour.quote(tour.stage.card_shows(ticket, "P1", "Respond by"), only=3)
    tour.play.tell("A quarter of an hour passes. The desk notices before Noor does:")
    tour.client.skip(15 * 60)
    tour.play.screen("the thread of the card")
    tour.quote(tour.stage.reply_shows(TRIAGE, ticket.card, "has been over since"))
    tour.play.tell("Ben takes it. What the message asked for has happened, and it says so:")
    tour.stage.claim("ben", ticket)
    tour.play.screen("the thread of the card")
    tour.quote(tour.stage.reply_shows(TRIAGE, ticket.card, "Claimed by Ben"))
    tour.play.tell("Five hours later it is still not resolved. Maria, who manages the desk, is told, once:")
    tour.client.skip(5 * 3600)
    tour.play.screen("#it-managers")
    tour.quote(tour.stage.until(lambda: tour.posted(MANAGERS, ticket.number, "past the"), "an escalation"))
    tour.play.tell("Why? Ben types:")
    tour.play.types(f"{COMMAND} sla {ticket.number}")
    tour.client.command("ben", TRIAGE, COMMAND, f"sla {ticket.number}")
    tour.alone("ben", "service levels")


def the_digest(tour: Tour) -> None:
    """The next working morning"""
    tour.play.tell("At nine on the next working day Maria reads one message. It comes with two pictures.")
    now = datetime.fromtimestamp(tour.client.now(), ZONE)
    due = next_digest(now)
    tour.client.skip((due - now).total_seconds() + 2)
    date = f"{due:%A} {due.day} {due:%B}"
    digest = tour.stage.until(lambda: tour.posted(MANAGERS, "Daily digest", date), f"the digest of {date}")
    tour.play.screen("#it-managers")
    tour.quote(digest, only=14)


def next_digest(now: datetime) -> datetime:
    """09:00 of the next day from Monday to Friday, by the wall clock of `now`."""
    day = now.date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day, time(9), tzinfo=now.tzinfo)


SCENES: tuple[Callable[[Tour], None], ...] = (
    a_problem,
    a_race,
    a_second_thought,
    talking,
    waiting,
    urgency,
    resolved,
    reopened,
    by_emoji,
    by_shortcut,
    the_queue,
    the_end,
    the_clock,
    the_digest,
)


def play(client: SandboxClient, console: Console) -> None:
    """Plays all scenes. Raises StoryFailed, with the scene in its sentence, when one went differently."""
    script = Screenplay(console)
    Stage(client).wait_for_the_bot()
    Stage(client).require_fresh()
    tour = Tour(client, script)
    script.title("Deskbell, a tour")
    script.tell(
        "Harbour is a small company. Ana works in sales, Tom in the warehouse, Noor in accounting. "
        "Ben and Kim are IT support; Lea leads them.",
        "All of this happens now, in a Slack workspace on this machine, with the real bot. "
        "Its words are quoted as they appear on people’s screens.",
    )
    for number, scene in enumerate(SCENES, start=1):
        title = scene.__doc__ or scene.__name__
        script.scene(f"{number}. {title}")
        try:
            scene(tour)
        except (StoryFailed, SandboxRefused, SandboxUnreachable) as error:
            raise StoryFailed(f"Scene {number}, “{title}”, went differently. {error}") from error
    if breaches := client.violations():
        raise StoryFailed(f"Slack would not have taken all of this: {breaches[0]}.")
    script.scene("Your turn")
    script.tell("make sandbox opens a workspace like this one, with a busy desk in it, in your browser.")


def main(argv: list[str] | None = None) -> int:
    """Exit codes: 0 everything happened as told, 1 something did not (one sentence says what), 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.tour", description="Play the tour.")
    parser.add_argument("--url", required=True, help="where the sandbox is, such as http://127.0.0.1:3300")
    client = SandboxClient(parser.parse_args(argv).url)
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=WIDTH, color_system=None)
    try:
        play(client, console)
    except (StoryFailed, SandboxRefused, SandboxUnreachable) as error:
        sys.stdout.flush()
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
