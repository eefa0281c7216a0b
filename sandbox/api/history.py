"""conversations.history and conversations.replies"""

from __future__ import annotations

import re

from sandbox import clock as clocks
from sandbox import shapes
from sandbox.api.call import ApiError, Call, argument, method
from sandbox.api.paging import decode_cursor, encode_cursor, page_size, paginate
from sandbox.entities import Channel, Message
from sandbox.jsontypes import JsonObject

_MOMENT = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


def _bound(call: Call, name: str) -> float | None:
    """`latest` or `oldest` as a number. Raises invalid_ts_latest or invalid_ts_oldest."""
    value = call.text(name)
    if value in ("", "now"):
        return None
    if not _MOMENT.fullmatch(value):
        raise ApiError(f"invalid_ts_{name}")
    return float(value)


def _in_window(call: Call, messages: list[Message]) -> list[Message]:
    latest, oldest, inclusive = _bound(call, "latest"), _bound(call, "oldest"), call.flag("inclusive")

    def fits(ts: float) -> bool:
        if latest is not None and (ts > latest or (ts == latest and not inclusive)):
            return False
        return oldest is None or ts > oldest or (ts == oldest and inclusive)

    return [message for message in messages if fits(float(message.ts))]


def _settled(call: Call, messages: list[Message]) -> list[Message]:
    """Without what is younger than an injected history lag, by the machine's clock and the workspace's.

    Time that was skipped has passed for the history too: it lags by seconds, not by hours.
    """
    lag = call.sandbox.faults.standing("history_lag")
    if lag is None:
        return messages
    horizon, at = clocks.real() - lag.seconds, call.workspace.clock.now() - lag.seconds
    return [message for message in messages if message.posted_at_real <= horizon or float(message.ts) <= at]


def _shown(call: Call, messages: list[Message]) -> list[JsonObject]:
    everything = call.flag("include_all_metadata")
    return [shapes.message(message, call.workspace, all_metadata=everything) for message in messages]


@method("conversations.history")
def history(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    visible = [
        message
        for message in channel.messages.values()
        if not message.is_reply or message.subtype == "thread_broadcast"
    ]
    window = list(reversed(_in_window(call, _settled(call, visible))))
    # The cursor holds a ts, not a position: new messages must not move the pages.
    position = decode_cursor(call)
    if position:
        window = [message for message in window if message.ts <= position]
    size = page_size(call, default=100, maximum=999)
    page, rest = window[:size], window[size:]
    answer: JsonObject = {
        "messages": _shown(call, page),
        "has_more": bool(rest),
        "pin_count": len(channel.pins),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }
    if rest:
        answer["response_metadata"] = {"next_cursor": encode_cursor(rest[0].ts)}
    return answer


@method("conversations.replies")
def replies(call: Call) -> JsonObject:
    channel = call.joined_conversation(argument(call, "channel"))
    found = _thread_of(call, channel, argument(call, "ts"))
    parents, answers = found[:1], found[1:]
    thread = parents + _in_window(call, answers)
    page, cursor = paginate(call, thread, [m.ts for m in thread], default=1000, maximum=1000)
    answer: JsonObject = {"messages": _shown(call, page), "has_more": bool(cursor)}
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _thread_of(call: Call, channel: Channel, ts: str) -> list[Message]:
    """Parent and replies; for the ts of a reply that message alone. Raises thread_not_found."""
    message = channel.messages.get(ts)
    if message is None or not _settled(call, [message]):
        raise ApiError("thread_not_found")
    if message.is_reply:
        return [message]
    return [message, *_settled(call, call.workspace.replies(channel, ts))]
