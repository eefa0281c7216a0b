"""Periods, percentiles, control limits and shares: what the definitions are made of, without records.

Percentiles are by nearest rank: the smallest value that at least p % of the values do not exceed. The median
of an even number of values is therefore the lower of the two in the middle, a value that really occurred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, floor
from typing import Final

FEWEST_FOR_PERCENT: Final = 10
"""Below this many a share is told as "2 of 3": one ticket more or less would move it by over ten points."""
LIMITS_MOST, LIMITS_FEWEST = 8, 6
XMR: Final = 2.66
"""3 ÷ d₂ for moving ranges of two values (d₂ = 1.128): three sigma of an individuals chart (Shewhart)."""


@dataclass(frozen=True)
class Period:
    """A half-open span [start, end) of UTC instants."""

    start: datetime
    end: datetime

    @property
    def days(self) -> float:
        """Its length in days of 24 hours."""
        return (self.end - self.start) / timedelta(days=1)

    def earlier(self, by: timedelta) -> Period:
        """The same span so much before."""
        return Period(self.start - by, self.end - by)


def percentile(values: Sequence[float], percent: int) -> float | None:
    """By nearest rank; None of nothing."""
    if not values:
        return None
    return sorted(values)[max(1, ceil(len(values) * percent / 100)) - 1]


@dataclass(frozen=True)
class Spread:
    """How long things took, or how old they are: seconds."""

    n: int
    median: float
    p90: float
    longest: float


def spread(seconds: Sequence[float]) -> Spread | None:
    """Median, 90th percentile and maximum by nearest rank; None of nothing."""
    median, p90 = percentile(seconds, 50), percentile(seconds, 90)
    if median is None or p90 is None:
        return None
    return Spread(n=len(seconds), median=median, p90=p90, longest=max(seconds))


@dataclass(frozen=True)
class Limits:
    """The whole numbers that chance alone explains: both ends belong to them."""

    low: int
    high: int


def control_limits(before: Sequence[int]) -> Limits | None:
    """XmR chart: mean ± 2.66 × mean moving range of the counts before, oldest first; None of fewer than six.

    Source: Shewhart's individuals chart, as Wheeler describes it. At most the last eight values are used.
    """
    values = before[-LIMITS_MOST:]
    if len(values) < LIMITS_FEWEST:
        return None
    mean = sum(values) / len(values)
    moving = [abs(after - first) for first, after in pairwise(values)]
    reach = XMR * sum(moving) / len(moving)
    return Limits(low=max(0, ceil(mean - reach)), high=floor(mean + reach))


@dataclass(frozen=True)
class Rate:
    """So many of so many."""

    hits: int
    n: int

    @property
    def percent(self) -> float | None:
        """Only of ten and more."""
        return 100 * self.hits / self.n if self.n >= FEWEST_FOR_PERCENT else None
