"""The control API: everything a person can do, and everything a test wants to know or to break."""

from __future__ import annotations
