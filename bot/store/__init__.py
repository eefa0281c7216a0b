"""Engines, transactions, the inbox and the outbox; the only place that knows which database it is."""

from __future__ import annotations

from bot.store.database import (
    NetworkInsideTransaction,
    Store,
    StoreUnavailable,
    TooMuchToStore,
    refuse_inside_transaction,
)

__all__ = [
    "NetworkInsideTransaction",
    "Store",
    "StoreUnavailable",
    "TooMuchToStore",
    "refuse_inside_transaction",
]
