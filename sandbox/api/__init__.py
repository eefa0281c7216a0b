"""The Web API: one file per family of methods, registered by name in `call.HANDLERS`."""

from __future__ import annotations
