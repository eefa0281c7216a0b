"""`make check`: the installed packages agree, and none of what runs has a known vulnerability.

A vulnerability fails. An advisory service that cannot be asked does not, but it is said.
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
    packages = json.loads(report)["dependencies"] if report.strip() else []
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):  # a mirror without advisories knows none of them
        return Verdict("NOT AUDITED: no advisory service can be asked. Run `make check` again online.", 0)
    found = [
        f"{package['name']} {package['version']}: {advisory['id']}, fixed in "
        f"{', '.join(advisory['fix_versions']) or 'no version yet'}"
        for package in packages
        for advisory in package.get("vulns", [])
    ]
    if found:
        return Verdict(
            "\n".join([f"Known vulnerabilities; raise the pins in {REQUIREMENTS.name}:", *found]), 1
        )
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
