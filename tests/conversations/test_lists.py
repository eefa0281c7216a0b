"""Sixty tickets in a list."""

from __future__ import annotations

import re

from tests.conversations.desk import HELP, Desk, something

COMBINATIONS = ("socket-sqlite", "http-postgresql")
TICKETS = 60


def test_sixty_tickets_are_paged_completely_and_without_repeats(desk: Desk) -> None:
    for _ in range(TICKETS):
        desk.client.command("ana", HELP, "/ticket", something())
        assert desk.client.submit("ana").acked
    for person, word in (("ben", "queue"), ("lea", "unassigned"), ("ana", "list")):
        pages = [desk.client.command(person, HELP, "/ticket", f"{word} {page}").text for page in range(1, 7)]
        numbers = [set(re.findall(r"INC-\d+", page)) for page in pages]
        assert [len(page) for page in numbers] == [10] * 6
        assert len(set.union(*numbers)) == TICKETS
        assert f"{TICKETS} tickets" in pages[0]
        assert f"Page 1 of 6 · /ticket {word} 2 for the next" in pages[0]
        assert "for the next" not in pages[5]
        assert "Page 6 of 6" in desk.client.command(person, HELP, "/ticket", f"{word} 99").text
