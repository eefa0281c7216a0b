"""The desk that benchmarks fill in bulk is one that the product can work on."""

from __future__ import annotations

from benchmarks import digest, ticking


def test_the_clocks_of_a_desk_filled_in_bulk_are_looked_at() -> None:
    with ticking.filled_store(ticking.FEW) as store:
        assert ticking.tick_seconds(store, 0) > 0


def test_the_digest_of_a_desk_filled_in_bulk_has_figures() -> None:
    with digest.filled_store(2_000) as store:
        assert digest.digest_seconds(store) > 0
