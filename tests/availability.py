"""What a machine may lack: there its tests are skipped, loudly; in continuous integration they fail."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

NOT_RUN = ": not run"


def not_run(what: str, why: str) -> NoReturn:
    """End the current test because `what` ("postgresql", "browser") cannot be had here.

    The run then ends with the line `postgresql: not run`.
    """
    message = f"{what}{NOT_RUN} ({why})"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


class NotRunReport:
    """Collects what could not be had, for the last lines of the run."""

    def __init__(self) -> None:
        self._missing: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Called for each test, on the process that prints."""
        if not report.skipped or not isinstance(report.longrepr, tuple):
            return
        reason = report.longrepr[2].removeprefix("Skipped: ")
        what, mark, _ = reason.partition(NOT_RUN)
        if mark:
            self._missing.add(what)

    def pytest_unconfigure(self) -> None:
        """Called after everything else was printed."""
        for what in sorted(self._missing):
            print(f"{what}{NOT_RUN}")  # noqa: T201  # the last word of the run belongs on the terminal
