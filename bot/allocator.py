"""Keeps a process with many threads as small as what it holds."""

from __future__ import annotations

import ctypes
import os
from typing import Final

_M_ARENA_MAX: Final = -8  # malloc.h of glibc
_ARENAS: Final = 1


def use_few_arenas() -> bool:
    """Have all threads share one arena of glibc's malloc, where there is one; whether that is so now.

    By default each thread gets its own, up to eight for each core, and every one keeps the holes that short
    transactions leave: the process grows by a fifth over 100,000 gestures. Threads that share the
    interpreter's lock gain nothing from arenas. To be called before threads begin; MALLOC_ARENA_MAX wins. See
    mallopt(3).
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False  # another C library
    return bool(mallopt(_M_ARENA_MAX, _ARENAS))
