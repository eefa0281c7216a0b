"""What handlers open in Slack, remembered instead of shown."""

from __future__ import annotations

import json
from typing import Any

from bot.delivery.client import SlackClient
from bot.handlers.context import Handling
from tests.records.workflows.world import World


class Views(SlackClient):
    """Slack's views, remembered instead of shown."""

    def __init__(self) -> None:
        super().__init__("xoxb-1")
        self.opened: list[str] = []

    def call(self, method: str, **arguments: Any) -> Any:
        self.opened.append(json.dumps([method, arguments], ensure_ascii=False))
        return {"ok": True}


def handling(world: World, views: Views) -> Handling:
    return Handling(
        store=world.store, clock=world.clock, intake=world.intake, views=views, bot_user_id=lambda: "UBOT"
    )
