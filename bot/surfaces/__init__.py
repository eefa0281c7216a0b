"""Slack out: records become Block Kit. Pure functions; no network, no clock, no database."""

from __future__ import annotations
