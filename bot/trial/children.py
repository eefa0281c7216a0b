"""The processes of a trial. They stay in our process group: whatever ends the group ends all of it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.errors import DeskbellError
from bot.settings import VARIABLES

HOME = Path(__file__).resolve().parents[2]
START_TIMEOUT = 60.0  # seconds
_STOP_TIMEOUT = 12.0  # seconds; the bot itself takes at most ten
_LAST_WORDS = 5  # lines


class TrialFailed(DeskbellError):
    """The sandbox or the bot in it did not start, or ended by itself."""


class Child:
    """A process of ours; what it prints goes to a file."""

    def __init__(
        self, name: str, arguments: list[str], *, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", *arguments]
        self._folder = folder
        self._environment = dict(environment)
        self._log = folder / f"{name}.log"
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            # The folder holds no .env, so that a real workspace's tokens cannot slip in.
            return subprocess.Popen(  # noqa: S603  # our own modules, without a shell
                self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start_again(self) -> None:
        """The same command in the same folder, after it has ended."""
        self._process = self._started()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def printed(self) -> list[str]:
        """The lines it has completed so far."""
        return self._log.read_text(encoding="utf-8", errors="replace").split("\n")[:-1]

    def last_words(self) -> str:
        """The end of what it printed."""
        return "\n".join(self.printed()[-_LAST_WORDS:]) or "nothing"

    def how_it_ended(self) -> str:
        """A sentence and its last words, once it has ended by itself; empty while it runs."""
        code = self._process.poll()
        if code is None:
            return ""
        return f"The {self.name} ended by itself with exit code {code}; it said:\n{self.last_words()}"

    def require_running(self) -> None:
        """Raises `TrialFailed`, with its last words, when it has ended."""
        if ended := self.how_it_ended():
            raise TrialFailed(ended)

    def wait(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self._process.wait(START_TIMEOUT)

    def kill(self) -> None:
        """End it as a power cut does: at once, and without a word to it."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Ask it to end, insist after a while or on another Ctrl-C, and wait until it is gone."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self.kill()


def child_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Our own environment with `variables`, less whatever points at a real workspace or database."""
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in VARIABLES}
    paths = [str(HOME), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, **variables, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}
