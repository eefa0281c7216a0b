"""`deskbell` in a process of its own, forked from a server that has imported it: quicker than a start."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.faults.processes import FORKING

_WITHIN = 120.0


@dataclass(frozen=True)
class Completed:
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


def deskbell(folder: Path, *arguments: str, **environment: str) -> Completed:
    """Run a command in that folder, with these variables besides ours."""
    with tempfile.TemporaryDirectory() as outputs:
        process = FORKING.Process(
            target=_run, args=(arguments, {**os.environ, **environment}, str(folder), outputs), daemon=True
        )
        process.start()
        process.join(_WITHIN)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"deskbell {' '.join(arguments)} did not end")
        said = [(Path(outputs) / name).read_text(encoding="utf-8") for name in ("stdout", "stderr")]
        return Completed(process.exitcode, *said)


def _run(arguments: tuple[str, ...], environment: Mapping[str, str], folder: str, outputs: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in ((1, "stdout"), (2, "stderr")):
        out = os.open(f"{outputs}/{name}", os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(out, number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
    sys.argv = ["deskbell", *arguments]
    from bot.__main__ import main

    main()
