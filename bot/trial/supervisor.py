"""Ends and starts the bot as somebody on the sandbox's page wants it, and tells what became of it.

The sandbox publishes what is wanted as a stream; see "The app's process" in sandbox/README.md.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from bot.trial.children import Child

_AGAIN_AFTER = 1.0  # seconds
_TELL_TIMEOUT = 5.0  # seconds


class Supervisor:
    """Looks after one child. `step` does the work, in the thread of whoever calls it."""

    def __init__(
        self,
        child: Child,
        *,
        url: str,
        is_ready: Callable[[], bool],
        forget: Callable[[], None],
        report: Callable[[str], None],
    ) -> None:
        """`url`: the sandbox; `forget` deletes what the child remembers; `report` tells the terminal."""
        self._child = child
        self._address = urlsplit(url).netloc
        self._is_ready = is_ready
        self._forget = forget
        self._report = report
        self._state = "starting"
        self._wishes: SimpleQueue[str] = SimpleQueue()
        self._ending = threading.Event()
        self._listener = threading.Thread(target=self._listen, name="supervisor", daemon=True)

    def start(self) -> None:
        """Follow what is wanted from now on."""
        self._listener.start()

    def stop(self) -> None:
        """Follow no longer; the child stays as it is."""
        self._ending.set()

    def step(self) -> None:
        """Does what was wanted since the last step, and tells what changed by itself."""
        for wish in self._wanted():
            self._obey(wish)
        self._observe()

    def _wanted(self) -> Iterator[str]:
        while True:
            try:
                yield self._wishes.get_nowait()
            except Empty:
                return

    def _obey(self, wish: str) -> None:
        if wish == "running":
            if self._child.is_running:
                self._tell(self._state)
                return
            self._child.start_again()
            self._tell("starting")
            return
        self._child.kill()
        if wish == "erased":
            self._forget()
        self._tell("erased" if wish == "erased" else "dead")

    def _observe(self) -> None:
        if self._state not in {"starting", "ready"}:
            return
        if ended := self._child.how_it_ended():
            self._report(f"{ended}\nStart it again on the page, or end all with Ctrl-C.")
            self._tell("dead", ended)
        elif self._state == "starting" and self._is_ready():
            self._tell("ready")

    def _tell(self, state: str, detail: str = "") -> None:
        self._state = state
        body = json.dumps({"state": state, "detail": detail})
        headers = {"Content-Type": "application/json"}
        connection = http.client.HTTPConnection(self._address, timeout=_TELL_TIMEOUT)
        with closing(connection):
            try:
                connection.request("POST", "/control/app_state", body, headers)
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                # It is told again with the next change; who started the sandbox notices when that has ended.
                return

    def _listen(self) -> None:
        while not self._ending.is_set():
            try:
                self._follow()
            except (OSError, http.client.HTTPException, ValueError):
                # The sandbox may be ending, or busy; it says what it wants anew when we follow again.
                self._ending.wait(_AGAIN_AFTER)

    def _follow(self) -> None:
        connection = http.client.HTTPConnection(self._address)
        with closing(connection):
            connection.request("GET", "/control/supervision")
            for line in connection.getresponse():
                if self._ending.is_set():
                    return
                if line.startswith(b"data: "):
                    self._wishes.put(str(json.loads(line[6:])["want"]))
        self._ending.wait(_AGAIN_AFTER)
