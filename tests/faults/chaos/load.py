"""People at work: who raise, claim, talk, wait, resolve and take back, by every way there is."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from sandbox.client import SandboxClient, SandboxRefused, SandboxUnreachable
from sandbox.seen import GestureResult, SeenMessage

HELP: Final = "#it-help"
TRIAGE: Final = "#it-triage"
MANAGERS: Final = "#it-managers"
REQUESTERS: Final = ("ana", "maria", "root")
AGENTS: Final = ("ben", "lea")
LEVELS: Final[Mapping[str, Sequence[str]]] = {
    "How many people does it touch?": ("Many people, or a whole site", "A team", "One person"),
    "How much does it hold up?": ("Work has stopped", "Work goes on, with difficulty", "It can wait"),
}
"""Impact and urgency, as the form asks for them; the first answers to both make a P1."""
MOST_TRIES: Final = 4
"""How often a person sends a form again that Slack says was not taken."""
_LOOK_EVERY: Final = 1.0
_NUMBER: Final = re.compile(r"\b(?:INC|REQ)-\d+\b")


@dataclass
class Tally:
    """How many gestures were made, by what they were; thread-safe."""

    begun: int = 0
    made: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> int:
        """One more; which one it is."""
        with self._lock:
            self.begun += 1
            return self.begun

    def end(self, name: str) -> None:
        """It was made: Slack let the person do it."""
        with self._lock:
            self.made[name] += 1


class Board:
    """What people see of the desk, looked at once a second."""

    def __init__(self, client: SandboxClient) -> None:
        self._client = client
        self.bot_user = client.user_id("@app")
        self._seen_at = 0.0
        self._lock = threading.Lock()
        self.cards: list[SeenMessage] = []
        self.roots: list[SeenMessage] = []
        self.managers: list[SeenMessage] = []

    def look(self) -> None:
        """Look again if the last look is a second old."""
        with self._lock:
            if time.monotonic() < self._seen_at + _LOOK_EVERY:
                return
            self._seen_at = time.monotonic()
            self.cards = [message for message in self._client.messages(TRIAGE) if message.app_id]
            self.roots = [message for message in self._client.messages(HELP) if not message.subtype]
            self.managers = [message for message in self._client.messages(MANAGERS) if message.app_id]


class Person(threading.Thread):
    """Does one thing after the other until told to stop."""

    def __init__(self, client: SandboxClient, board: Board, tally: Tally, *, seed: int, pause: float) -> None:
        """`pause` is the mean of the seconds between two gestures."""
        super().__init__(name=f"person-{seed}", daemon=True)
        self._client = client
        self._board = board
        self._tally = tally
        self._lots = Random(seed)
        self._pause = pause
        self._stop_it = threading.Event()
        self.failure: BaseException | None = None

    def finish(self) -> None:
        """Stop after the gesture in hand. Raises what went wrong in the harness itself."""
        self._stop_it.set()
        self.join(60)
        if self.failure is not None:
            raise self.failure

    def run(self) -> None:
        try:
            while not self._stop_it.wait(self._lots.expovariate(1 / self._pause)):
                self.do_something()
        except BaseException as failure:  # noqa: BLE001 - raised again by `finish`
            self.failure = failure

    def do_something(self) -> None:
        """One gesture, drawn by lot. What Slack would not let the person do is simply not done."""
        self._board.look()
        gestures = list(GESTURES)
        gesture = self._lots.choices(gestures, [GESTURES[each] for each in gestures])[0]
        try:
            gesture(self, self._tally.begin())
        except (SandboxRefused, SandboxUnreachable):
            return
        self._tally.end(gesture.__name__)

    # --- raising ---

    def raise_by_form(self, number: int) -> None:
        who = self._lots.choice(REQUESTERS)
        if self._client.command(who, HELP, "/ticket", f"form {number} is on fire").acked:
            self._send(who, self._levels())

    def raise_by_emoji(self, number: int) -> None:
        who = self._lots.choice(REQUESTERS)
        ts = self._client.post(who, HELP, f"message {number} is on fire")
        self._client.react(self._lots.choice((who, *AGENTS)), HELP, ts, "ticket")

    def raise_by_mention(self, number: int) -> None:
        text = f"<@{self._board.bot_user}> mention {number} is on fire"
        self._client.post(self._lots.choice(REQUESTERS), HELP, text, raw=True)

    def write_directly(self, number: int) -> None:
        who = self._lots.choice(REQUESTERS)
        self._client.post(who, self._client.open_dm(who), f"direct {number} is on fire")

    def _levels(self) -> dict[str, object]:
        return {question: self._lots.choice(answers) for question, answers in LEVELS.items()}

    def _send(self, who: str, values: Mapping[str, object]) -> GestureResult | None:
        """Send the open form, and once more if Slack says that it did not get through."""
        result = None
        for _ in range(self._lots.randint(1, MOST_TRIES)):
            result = self._client.submit(who, values)
            if result.acked or self._stop_it.is_set():
                return result
        return result

    # --- working ---

    def _card(self) -> SeenMessage:
        """A card; the younger, the likelier."""
        if not self._board.cards:
            raise SandboxRefused("There is no card yet.")
        cards = self._board.cards
        return cards[min(len(cards) - 1, int(len(cards) * self._lots.betavariate(3, 1)))]

    def claim_by_emoji(self, _number: int) -> None:
        self._client.react(self._lots.choice(AGENTS), TRIAGE, self._card().ts, "eyes")

    def claim_by_button(self, _number: int) -> None:
        self._click("Claim")

    def wait_by_button(self, _number: int) -> None:
        self._click("Waiting")

    def wait_by_emoji(self, _number: int) -> None:
        self._client.react(self._lots.choice(AGENTS), TRIAGE, self._card().ts, "hourglass")

    def urgent(self, _number: int) -> None:
        self._client.react(self._lots.choice(AGENTS), TRIAGE, self._card().ts, "rotating_light")

    def resolve_by_emoji(self, _number: int) -> None:
        self._client.react(self._lots.choice(AGENTS), TRIAGE, self._card().ts, "white_check_mark")

    def resolve_by_form(self, number: int) -> None:
        who = self._click("Resolve")
        self._send(who, {"What fixed it?": f"Turned it off and on, {number}"})

    def resolve_by_word(self, number: int) -> None:
        found = _NUMBER.search(self._card().text)
        if found is not None:
            word = f"resolve {found.group()} by word {number}"
            self._client.command(self._lots.choice(AGENTS), TRIAGE, "/ticket", word)

    def reopen(self, _number: int) -> None:
        self._click("Reopen")

    def cancel(self, _number: int) -> None:
        self._click("Cancel")

    def take_back(self, _number: int) -> None:
        emoji = self._lots.choice(("eyes", "white_check_mark", "hourglass", "rotating_light"))
        self._client.unreact(self._lots.choice(AGENTS), TRIAGE, self._card().ts, emoji)

    def acknowledge(self, _number: int) -> None:
        if self._board.managers:
            message = self._lots.choice(self._board.managers)
            label = self._lots.choice(message.buttons or ["Acknowledge"])
            self._client.click("maria", MANAGERS, message.ts, label)

    def _click(self, label: str) -> str:
        who, card = self._lots.choice(AGENTS), self._card()
        self._client.click(who, TRIAGE, card.ts, label)
        return who

    # --- talking ---

    def talk_to_the_desk(self, number: int) -> None:
        if self._board.roots:
            root = self._lots.choice(self._board.roots[-20:])
            self._client.post(self._lots.choice(REQUESTERS), HELP, f"question {number}", thread_ts=root.ts)

    def talk_to_the_requester(self, number: int) -> None:
        self._client.post(self._lots.choice(AGENTS), TRIAGE, f"answer {number}", thread_ts=self._card().ts)

    def note(self, number: int) -> None:
        card = self._card()
        self._client.post(self._lots.choice(AGENTS), TRIAGE, f"note: remark {number}", thread_ts=card.ts)


GESTURES: Final[Mapping[Callable[[Person, int], None], float]] = {
    Person.raise_by_form: 4,
    Person.raise_by_emoji: 3,
    Person.raise_by_mention: 1,
    Person.write_directly: 1,
    Person.claim_by_emoji: 4,
    Person.claim_by_button: 3,
    Person.wait_by_button: 1,
    Person.wait_by_emoji: 1,
    Person.urgent: 1,
    Person.resolve_by_emoji: 2,
    Person.resolve_by_form: 2,
    Person.resolve_by_word: 1,
    Person.reopen: 0.5,
    Person.cancel: 0.5,
    Person.take_back: 2,
    Person.acknowledge: 0.5,
    Person.talk_to_the_desk: 3,
    Person.talk_to_the_requester: 3,
    Person.note: 0.5,
}
"""What people do, and how often compared with each other."""
