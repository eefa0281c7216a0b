"""The bot from a verified body of Slack's down to the records, without delivery."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from urllib.parse import urlencode

from bot.delivery.client import SlackClient
from bot.handlers.adapters import http_dispatcher
from bot.handlers.bolt import Identity, build_bolt
from bot.handlers.context import Handling
from bot.web.slack import SlackAnswer
from tests.records.workflows.world import BOT, World


class Edge:
    """The bot from a verified body down to the records."""

    def __init__(self, world: World) -> None:
        handling = Handling(
            store=world.store,
            clock=world.clock,
            intake=world.intake,
            views=SlackClient("xoxb-none", base_url="http://127.0.0.1:1/api/"),
            bot_user_id=lambda: BOT,
        )
        me = Identity(team_id="T1", bot_id="B1", bot_user_id=BOT, bot_token="xoxb-none")
        keys = count()

        def park(kind: str, payload: dict[str, object], reason: str) -> None:
            world.intake.park(kind, f"{kind}:{next(keys)}", payload, reason)

        self._dispatch = http_dispatcher(build_bolt(handling, lambda: me), replies=lambda _: None, park=park)

    def event(self, event: Mapping[str, object], **beside: object) -> SlackAnswer:
        """An event, as Slack sends it over HTTP."""
        body = json.dumps({"type": "event_callback", "team_id": "T1", "event": event} | beside).encode()
        return self._dispatch(body, {"content-type": "application/json"})

    def form(self, **fields: str) -> SlackAnswer:
        """A command or an interaction, as Slack sends it over HTTP."""
        body = urlencode(fields).encode()
        return self._dispatch(body, {"content-type": "application/x-www-form-urlencoded"})
