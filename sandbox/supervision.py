"""The app's process as others start and end it: what people want of it, and what becomes of it.

The sandbox starts no process itself. Whoever started the app follows `/control/supervision`, does what is
wanted there, and says what happened with `POST /control/app_state`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Literal, get_args

from sandbox.jsontypes import JsonObject

Wish = Literal["running", "killed", "erased"]
"""`killed`: end it at once, as a power cut does. `erased`: the same, and delete what it remembers."""

State = Literal["unknown", "starting", "ready", "dead", "erased"]

ERASE_TIMEOUT = 20.0  # seconds
REVIVE_AFTER = 2.0  # seconds that the app stays dead when it is killed again and again
SHORTEST_LIFE = 1.0  # seconds


class SupervisorMissing(Exception):
    """Nobody looks after the app's process; start it with what does, such as `deskbell sandbox`."""


class SupervisorSilent(Exception):
    """Whoever looks after the app's process did not do what was wanted in time; look at what it printed."""


class Supervision:
    """The wish, the state, and the streams of those who follow."""

    def __init__(self, publish: Callable[[JsonObject], None]) -> None:
        self._publish = publish
        self._followers: set[asyncio.Queue[Wish | None]] = set()
        self._changed = asyncio.Event()
        self._killing: asyncio.Task[None] | None = None
        self._kill_every = 0.0
        self.want: Wish = "running"
        self.state: State = "unknown"
        self.detail = ""
        self._since = time.time()
        self._kills = 0

    @property
    def is_there(self) -> bool:
        """True while somebody follows."""
        return bool(self._followers)

    def reading(self) -> JsonObject:
        """`since` is in real seconds since the epoch, `kill_every` in seconds, 0 for not."""
        return {
            "supervised": self.is_there,
            "want": self.want,
            "state": self.state,
            "since": self._since,
            "detail": self.detail,
            "kills": self._kills,
            "kill_every": self._kill_every,
        }

    async def follow(self) -> AsyncIterator[Wish]:
        """What is wanted, now and from now on. Who follows is the supervisor."""
        queue: asyncio.Queue[Wish | None] = asyncio.Queue()
        self._followers.add(queue)
        queue.put_nowait(self.want)
        self._publish(self.reading())
        try:
            while (wish := await queue.get()) is not None:
                yield wish
        finally:
            self._followers.discard(queue)
            if not self._followers:
                self._stop_killing()
                self.told("unknown")

    def wish(self, want: Wish) -> None:
        """Raises SupervisorMissing. A wish of one's own ends the killing again and again."""
        self._require_supervisor()
        self._stop_killing()
        self._ask(want)

    def kill_every(self, seconds: float) -> None:
        """Ends the app so many seconds after it is ready, each time; 0 stops. Raises SupervisorMissing."""
        self._require_supervisor()
        self._stop_killing()
        if seconds > 0:
            self._kill_every = max(SHORTEST_LIFE, seconds)
            self._killing = asyncio.get_running_loop().create_task(self._kill_again_and_again())
        self._ask("running")

    def told(self, state: State, detail: str = "") -> None:
        """What the supervisor says of the app; `detail` is a sentence for people."""
        if state == "dead" and self.want == "killed" and self.state != "dead":
            self._kills += 1
        self.state, self.detail, self._since = state, detail, time.time()
        self._publish(self.reading())
        self._changed.set()
        self._changed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def erased(self) -> AsyncIterator[None]:
        """The app is gone and has forgotten everything while the block runs. Raises SupervisorSilent."""
        if not self.is_there:
            yield
            return
        self.wish("erased")
        try:
            await asyncio.wait_for(self._until("erased"), ERASE_TIMEOUT)
            self._kills = 0
            yield
        except TimeoutError as late:
            raise SupervisorSilent("The app did not end in time, so nothing was reset.") from late
        finally:
            self._ask("running")

    async def close(self) -> None:
        """Ends the streams and the killing."""
        self._stop_killing()
        for queue in self._followers:
            queue.put_nowait(None)

    def _require_supervisor(self) -> None:
        if not self.is_there:
            raise SupervisorMissing("Nobody looks after the app's process here: start and end it yourself.")

    def _ask(self, want: Wish) -> None:
        self.want = want
        for queue in self._followers:
            queue.put_nowait(want)
        self._publish(self.reading())

    def _stop_killing(self) -> None:
        self._kill_every = 0.0
        if self._killing is not None:
            self._killing.cancel()
            self._killing = None

    async def _kill_again_and_again(self) -> None:
        while True:
            await self._until("ready")
            await asyncio.sleep(self._kill_every)
            self._ask("killed")
            await self._until("dead")
            await asyncio.sleep(REVIVE_AFTER)
            self._ask("running")

    async def _until(self, state: State) -> None:
        while self.state != state:
            await self._changed.wait()


def as_state(word: str) -> State | None:
    """The state of that name, if it is one that a supervisor can tell."""
    return next((state for state in get_args(State) if state == word and state != "unknown"), None)


def as_wish(word: str) -> Wish | None:
    """The wish of that name, if people can have it: what the app remembers goes only with the workspace."""
    return next((wish for wish in get_args(Wish) if wish == word and wish != "erased"), None)
