"""`make bench`: every figure as a ratio taken in one run on one machine."""

from __future__ import annotations

import logging
import sys

from benchmarks import raising, writes


def main() -> int:
    """Run all; 1 when a bound does not hold."""
    logging.disable(logging.WARNING)
    held = [raising.report(), writes.report()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
