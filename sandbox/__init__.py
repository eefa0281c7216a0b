"""A Slack workspace on this machine, strict as Slack: see sandbox/README.md."""

from __future__ import annotations
