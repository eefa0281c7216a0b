"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`title` says what was found; `fix` what to do about it, and is empty when all is well."""

    ok: bool
    title: str
    fix: str = ""

    @classmethod
    def well(cls, title: str) -> Finding:
        """Nothing to do."""
        return cls(ok=True, title=title)

    @classmethod
    def to_mend(cls, title: str, fix: str) -> Finding:
        """Something to do before Deskbell works."""
        return cls(ok=False, title=title, fix=fix)

    def line(self) -> str:
        """`ok   …`, or `fix  …: what to do`."""
        return f"ok   {self.title}" if self.ok else f"fix  {self.title}: {self.fix}"
