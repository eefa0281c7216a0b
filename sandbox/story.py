"""Five days at an example desk: `python -m sandbox.story --url URL` fills a fresh workspace with tickets.

It uses nothing but what people can do: commands, forms, emoji, buttons, messages. The workspace's clock is
set back and comes forward with the story, so that each ticket has its age.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from rich.console import Console
from rich.progress import Progress

from sandbox.client import SandboxClient, SandboxRefused, SandboxUnreachable
from sandbox.jsontypes import as_number, as_object
from sandbox.stage import COMMAND, HELP, TRIAGE, Stage, StoryFailed, Ticket

DAY, HOUR, MINUTE = 86400.0, 3600.0, 60.0
BEGIN = 5 * DAY + 2 * HOUR


class Diary:
    """The story so far: who raised what, by a word that others use for it."""

    def __init__(self, client: SandboxClient) -> None:
        self.client = client
        self.stage = Stage(client)
        self.tickets: dict[str, Ticket] = {}

    def ago(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> None:
        """Moves the clock forward to so long before now."""
        self._set_clock(-(days * DAY + hours * HOUR + minutes * MINUTE))

    def later(self, minutes: float) -> None:
        """Moves the clock forward, but never beyond now."""
        self._set_clock(min(0.0, self._offset() + minutes * MINUTE))

    def begin(self) -> None:
        """Sets the clock back, before anything is written. Raises StoryFailed where something is."""
        self.stage.require_fresh()
        self.client.skip(-BEGIN - self._offset())

    def _set_clock(self, offset: float) -> None:
        ahead = offset - self._offset()
        if ahead > 0:
            self.client.skip(ahead)

    def _offset(self) -> float:
        return as_number(as_object(self.client.read("conditions").get("clock")).get("offset"))


def first_day(diary: Diary) -> None:
    """A ticket from the form, claimed, talked about, resolved; it closes by itself later."""
    stage, client = diary.stage, diary.client
    news = client.post(
        "root", "#general", "The lift is repaired on Thursday. Until then the stairs are free."
    )
    client.react("tom", "#general", news, "muscle")
    diary.ago(days=5)
    printer = stage.raise_in_form(
        "tom",
        HELP,
        "The label printer at dock 2 prints only black bars",
        affected="Label printer at dock 2",
        category="Hardware",
    )
    diary.tickets["printer"] = printer
    diary.later(20)
    stage.claim("ben", printer)
    stage.say("ben", printer, "Morning, Tom. Is the new roll the glossy kind?")
    diary.later(15)
    stage.answer("tom", printer, "It is! From the blue box that came on Monday.")
    diary.later(80)
    stage.resolve(
        "ben",
        printer,
        "The rolls in the blue box are the wrong kind. There is a box of matte ones on your desk.",
    )


def second_day(diary: Diary) -> None:
    """Written directly to the bot; more urgent than it looked; waits for a supplier."""
    stage, client = diary.stage, diary.client
    diary.ago(days=4, hours=2)
    payroll = stage.raise_directly("noor", "The payroll export stops at 90 percent since this morning")
    diary.later(10)
    stage.press("lea", payroll, "Claim")
    stage.card_shows(payroll, "Lea claimed it")
    stage.press(
        "lea",
        payroll,
        "Priority",
        impact="Many people, or a whole site",
        reason="Salaries are paid on Friday, for all of us.",
    )
    stage.card_shows(payroll, "P2")
    diary.later(50)
    stage.say("lea", payroll, "I see it too, Noor: the new version trips over a name with an apostrophe.")
    diary.later(5)
    stage.answer("noor", payroll, "That must be Mr O’Neill. Thank you, Lea!")
    diary.later(10)
    stage.note("lea", payroll, "case 48213 with the vendor, they promised a fix for the weekend")
    client.command("lea", TRIAGE, COMMAND, f"wait {payroll.number} supplier")
    stage.card_shows(payroll, "Waiting for a supplier")


def third_day(diary: Diary) -> None:
    """Raised by an emoji on somebody's message, resolved by another, reopened."""
    stage, client = diary.stage, diary.client
    diary.ago(days=3, hours=1)
    words = "Is the VPN slow for anybody else? A mail takes a minute to open."
    asked = client.post("ana", HELP, words)
    diary.later(3)
    client.post("tom", HELP, "Works fine here, on the cable.", asked)
    diary.later(7)
    vpn = stage.raise_by_emoji("ben", asked, words)
    diary.later(4)
    stage.claim("kim", vpn)
    stage.say("kim", vpn, "Which network are you on, Ana?")
    diary.later(6)
    stage.answer("ana", vpn, "Harbour-Guest, I think?")
    diary.later(5)
    client.react("kim", TRIAGE, vpn.card, "white_check_mark")
    stage.card_shows(vpn, "resolved it")
    fixed = "Harbour-Guest is slow on purpose. Harbour-Staff is the one for you."
    client.post("kim", TRIAGE, fixed, vpn.card)
    word = stage.reply_shows(vpn.channel, vpn.root, fixed)
    diary.ago(days=2, hours=3)
    client.click("ana", vpn.channel, word.ts, "Reopen")
    stage.card_shows(vpn, "reopened it")
    stage.answer("ana", vpn, "Sorry, it is slow again this morning, on Harbour-Staff this time.")


def requests_and_screens(diary: Diary) -> None:
    """A request from another channel, waiting for its requester; a message shortcut, resolved."""
    stage, client = diary.stage, diary.client
    diary.ago(days=2, hours=2)
    screen = stage.raise_in_form(
        "maria",
        "#it-managers",
        "A second screen for Jonas, who starts on the first",
        kind="I need something",
        category="Hardware",
        impact="One person",
    )
    diary.later(12)
    stage.claim("ben", screen)
    stage.say("ben", screen, "Gladly. Which desk will be his?")
    client.react("ben", TRIAGE, screen.card, "hourglass")
    stage.card_shows(screen, "Waiting for the requester")
    diary.later(25)
    words = "The big screen in the canteen still shows last week’s menu"
    seen = client.post("tom", "#general", words)
    client.react("noor", "#general", seen, "joy")
    menu = stage.raise_by_shortcut("tom", "#general", seen, words)
    diary.later(8)
    stage.claim("kim", menu)
    diary.later(20)
    stage.resolve("kim", menu, "The player had lost the network. It is goulash today.")


def yesterday(diary: Diary) -> None:
    """The first ticket closes by itself; one is cancelled; one came from another app and is assigned."""
    stage, client = diary.stage, diary.client
    diary.ago(days=1, hours=2)
    stage.card_shows(diary.tickets["printer"], "Closed")
    portal = stage.raise_in_form("noor", HELP, "The travel portal does not take my password any more")
    diary.later(9)
    stage.answer("noor", portal, "Found it: caps lock. I am a little ashamed.")
    client.command("noor", HELP, COMMAND, f"cancel {portal.number}")
    stage.card_shows(portal, "Cancelled")
    diary.later(40)
    alarm = "Backup of fileserver-2 failed: the disk is 97 percent full"
    alarmed = client.post("watchtower", HELP, alarm)
    diary.later(2)
    backup = stage.raise_by_emoji("ben", alarmed, alarm)
    diary.later(3)
    client.react("lea", TRIAGE, backup.card, "rotating_light")
    stage.card_shows(backup, "P2")
    client.command("lea", TRIAGE, COMMAND, f"assign {backup.number} @kim")
    stage.card_shows(backup, "assigned it to Kim")
    diary.later(35)
    stage.note("kim", backup, "made 40 GB free, tonight’s run will tell")
    diary.ago(days=1)
    stage.raise_in_form(
        "ana",
        "#general",
        "The fan of my laptop sounds like a small helicopter",
        impact="One person",
        urgency="It can wait",
    )


def this_morning(diary: Diary) -> None:
    """In progress, and given back."""
    stage, client = diary.stage, diary.client
    diary.ago(hours=3)
    scanners = stage.raise_in_form(
        "tom",
        HELP,
        "Nobody at dock 3 can log in to the scanners",
        urgency="Work has stopped",
        category="Access",
    )
    diary.later(2)
    stage.claim("ben", scanners)
    stage.say("ben", scanners, "On my way down.")
    diary.later(45)
    words = "Could I get access to the folder Q3-Closing? Maria said yes."
    folder = stage.raise_by_emoji("noor", client.post("noor", HELP, words), words)
    diary.later(5)
    stage.claim("kim", folder)
    diary.later(10)
    client.unreact("kim", TRIAGE, folder.card, "eyes")
    stage.card_shows(folder, "released it")


def just_now(diary: Diary) -> None:
    """Asked by a guest, and urgent."""
    stage, client = diary.stage, diary.client
    diary.ago(hours=1)
    words = "Can I print here as a visitor?"
    asked = client.post("gus", HELP, words)
    diary.later(4)
    visitor = stage.raise_by_emoji("ben", asked, words)
    stage.claim("ben", visitor)
    diary.later(3)
    stage.resolve("ben", visitor, "Yes: the printer is Visitor-1, and the code is on your badge.")
    diary.ago(minutes=20)
    words = "Room Albatross has no sound, and a customer calls at three."
    sound = stage.raise_by_emoji("ana", client.post("ana", HELP, words), words)
    diary.later(2)
    client.react("lea", TRIAGE, sound.card, "rotating_light")
    stage.card_shows(sound, "P2")
    diary.ago(minutes=2)
    praise = client.post("tom", "#general", "The goulash is excellent, by the way.")
    client.react("ana", "#general", praise, "heart")
    diary.ago()


CHAPTERS: tuple[Callable[[Diary], None], ...] = (
    first_day,
    second_day,
    third_day,
    requests_and_screens,
    yesterday,
    this_morning,
    just_now,
)


def live(client: SandboxClient, *, after_each: Callable[[], object] = lambda: None) -> None:
    """Plays the story in a fresh workspace whose bot is there or coming. Raises StoryFailed."""
    diary = Diary(client)
    diary.stage.wait_for_the_bot()
    diary.begin()
    for chapter in CHAPTERS:
        chapter(diary)
        after_each()


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 all is there, 1 it went wrong (one sentence on standard error), 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.story", description="Fill an example desk.")
    parser.add_argument("--url", required=True, help="where the sandbox is, such as http://127.0.0.1:3300")
    client = SandboxClient(parser.parse_args(arguments).url)
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        bar = progress.add_task("Five days at the desk", total=len(CHAPTERS))
        try:
            live(client, after_each=lambda: progress.advance(bar))
        except (StoryFailed, SandboxRefused, SandboxUnreachable) as error:
            progress.stop()
            sys.stderr.write(f"The example desk is not complete. {error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
