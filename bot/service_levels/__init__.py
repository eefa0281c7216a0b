"""Pure time arithmetic: durations, calendars, targets."""

from __future__ import annotations
