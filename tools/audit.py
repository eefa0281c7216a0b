"""`make check`: the installed packages agree with each other, and none of what runs has a known vulnerability.

A vulnerability fails. An advisory service that cannot be asked does not: the code is no worse for it, but it is said.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

REQUIREMENTS = Path(__file__).parent.parent / "requirements" / "run.txt"
TIME_LIMIT = 20.0  # seconds


class Verdict(NamedTuple):
    """What the audit says, in one or more lines, and the exit code."""

    words: str
    code: int


def verdict(report: str) -> Verdict:
    """Judge what pip-audit wrote to standard output, as JSON. It writes nothing where it could not ask."""
    if not report.strip():
        return Verdict("NOT AUDITED: the advisory service cannot be reached. Run `make check` again online.", 0)
    packages = json.loads(report)["dependencies"]
    found = [
        f"{package['name']} {package['version']}: {advisory['id']}, fixed in "
        f"{', '.join(advisory['fix_versions']) or 'no version yet'}"
        for package in packages
        for advisory in package.get("vulns", [])
    ]
    if found:
        return Verdict("\n".join([f"Known vulnerabilities; raise the pins in {REQUIREMENTS.name}:", *found]), 1)
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if skipped:
        return Verdict(f"NOT AUDITED: the advisory service does not know {', '.join(skipped)}.", 0)
    return Verdict(f"No known vulnerability in {len(packages)} packages.", 0)


def main() -> int:
    """Check and audit; say what was found."""
    if subprocess.run([sys.executable, "-m", "pip", "check"], check=False).returncode:
        return 1
    try:
        asked = subprocess.run(_question(), capture_output=True, text=True, timeout=TIME_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        said = verdict("")
    else:
        if not asked.stdout.strip():
            sys.stderr.write("\n".join(asked.stderr.strip().splitlines()[-1:]) + "\n")
        said = verdict(asked.stdout)
    sys.stdout.write(said.words + "\n")
    return said.code


def _question() -> list[str]:
    alone = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "5", "--format", "json"]
    return [sys.executable, "-m", "pip_audit", "--requirement", str(REQUIREMENTS), *alone]


if __name__ == "__main__":
    sys.exit(main())
