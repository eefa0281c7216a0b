"""`make bench`: every figure as a ratio taken in one run on one machine."""

from __future__ import annotations

import logging
import sys

from benchmarks import burst, digest, due_date, memory, raising, replicas, ticking, writes


def main() -> int:
    """Run all; 1 when a bound does not hold."""
    logging.disable(logging.WARNING)
    reports = (
        raising.report,
        writes.report,
        due_date.report,
        ticking.report,
        digest.report,
        burst.report,
        replicas.report,
        memory.report,
    )
    held = [report() for report in reports]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
