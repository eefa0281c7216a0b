"""Slack's rules as pure functions: each takes what an app sent and lists the problems Slack would find.

Nothing here reads state, the network or a clock. Whether a channel exists or a trigger has expired is the
business of the workspace, not of these modules.
"""

from __future__ import annotations
