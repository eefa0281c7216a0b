"""Logging: one line per event on standard error, as text or JSON, with every secret hidden."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, TextIO
from urllib.parse import quote, unquote

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
_SHORTEST_SECRET = 6  # shorter values would hide ordinary words

_TOKEN = re.compile(r"(xox[a-z](?:\.xox[a-z])?|xapp|xwfp)-[A-Za-z0-9_-]+")
_ROW = re.compile(r"(DETAIL:[ \t]*)(?:(?!\\n)[^\n])+")
"""PostgreSQL's errors quote the row, in plain text and inside JSON."""
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What a terminal acts on (escapes, also the eight-bit ones), turns around (bidi), or cannot encode."""
_URL_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s/@]+@")

QUIET: dict[str, int] = {
    # At DEBUG the Slack libraries write the bodies of requests and answers, and personal data with them.
    "slack_bolt": logging.INFO,
    "slack_sdk": logging.INFO,
    # One line per tick at INFO, one per tick that is skipped because the last one still works at WARNING;
    # /health and /metrics tell the lag.
    "apscheduler": logging.ERROR,
    "alembic": logging.WARNING,
    "uvicorn": logging.WARNING,
    "httpcore": logging.WARNING,
    "httpx": logging.WARNING,
}
"""Libraries that say too much, and the level from which they may speak."""


class Redactor:
    """Hides Slack tokens by their shape, passwords in addresses, the given secrets by their value, and
    the rows that PostgreSQL's errors quote."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        text = _URL_PASSWORD.sub(rf"\1{HIDDEN}@", _TOKEN.sub(rf"\1-{HIDDEN}", text))
        text = _ROW.sub(rf"\1{HIDDEN}", text)
        return self._values.sub(HIDDEN, text) if self._values else text


def harmless(text: str) -> str:
    """For a terminal or a log: control characters as `\\u001b`, in JSON too; tabs and line breaks stay."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _spellings(secret: str) -> tuple[str, ...]:
    """How a secret may stand in a line: as it is, inside JSON, inside a repr, inside an address."""
    if len(secret) < _SHORTEST_SECRET:
        return ()
    inside_repr = repr(secret)[1:-1], repr(secret.encode())[2:-1]
    return (secret, json.dumps(secret)[1:-1], *inside_repr, quote(secret, safe=""), unquote(secret))


class _Handler(logging.StreamHandler[TextIO]):
    """The one handler of ours, so that configuring again replaces it and nothing else."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Bolt copies the root logger's level to its own loggers, so a level on the logger does not hold.
        floor = QUIET.get(record.name.partition(".")[0], logging.NOTSET)
        return record.levelno >= floor and bool(super().filter(record))


def configure_logging(
    *,
    level: str,
    style: Literal["text", "json"],
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send everything that is logged, by structlog or by the standard library, to `stream` (standard error).

    May be called again; the last call holds.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(style),
                _redaction(Redactor(secrets)),
            ],
        )
    )
    _install(handler, level)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared[:-1],
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def log_uncaught_errors() -> None:
    """Log what no code of any thread caught, so that a traceback cannot carry a secret past the redaction."""
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


def _rendering(style: Literal["text", "json"]) -> list[Processor]:
    if style == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # The plain traceback shows no local variables: they may hold what people wrote.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, exception_formatter=plain)]


def _redaction(redact: Redactor) -> Processor:
    def hide_secrets(_logger: WrappedLogger, _method: str, rendered: EventDict) -> str:
        return harmless(redact(str(rendered)))

    return hide_secrets


def _install(handler: _Handler, level: str) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name, floor in QUIET.items():
        logging.getLogger(name).setLevel(max(floor, root.level))


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("bot").critical("uncaught error", exc_info=(kind, error, trace))


def _log_uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or isinstance(args.exc_value, SystemExit):
        return
    name = args.thread.name if args.thread else "?"
    logging.getLogger("bot").critical(
        "uncaught error in thread %s", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
    )
