"""The HTTP edge: Slack's signed requests, health and metrics."""

from __future__ import annotations

from bot.web.application import HealthReport, create_web
from bot.web.server import CannotListen, PortTaken, WebServer, serve
from bot.web.slack import SlackAnswer, SlackEdge

__all__ = [
    "CannotListen",
    "HealthReport",
    "PortTaken",
    "SlackAnswer",
    "SlackEdge",
    "WebServer",
    "create_web",
    "serve",
]
