"""Instants as Slack shows them: each reader sees their own time zone."""

from __future__ import annotations

from datetime import UTC, datetime

from slack_sdk.models.blocks import RichTextElementParts

_FORMAT = "{date_short_pretty} at {time}"


class NaiveInstantError(ValueError):
    """An instant has no time zone; give every surface aware datetimes, in UTC."""


def fallback(at: datetime) -> str:
    """The instant in UTC, for readers whose client does not know date tokens."""
    return f"{_aware(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def token(at: datetime) -> str:
    """The instant as a mrkdwn date token."""
    return f"<!date^{_seconds(at)}^{_FORMAT}|{fallback(at)}>"


def element(at: datetime) -> RichTextElementParts.Date:
    """The instant as an element of rich text."""
    return RichTextElementParts.Date(timestamp=_seconds(at), format=_FORMAT, fallback=fallback(at))


def _seconds(at: datetime) -> int:
    return int(_aware(at).timestamp())


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise NaiveInstantError("An instant has no time zone; give every surface aware datetimes, in UTC.")
    return at
