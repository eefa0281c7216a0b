"""Faults, settings, time and connections."""

from __future__ import annotations

import dataclasses

from sandbox.control.readings import conditions
from sandbox.control.request import Gesture, act
from sandbox.ids import new_secret
from sandbox.interactions import NotPossible
from sandbox.jsontypes import JsonObject


def _tell(gesture: Gesture) -> None:
    gesture.sandbox.feed.publish("conditions", conditions(gesture.sandbox, {}))


@act("fault")
async def fault(gesture: Gesture) -> JsonObject:
    """`kind, method?, contains?, times?, probability?, seconds?, status?, error?, count?, …` → `id`."""
    added = gesture.sandbox.faults.add(gesture.args)
    if added.kind == "outage":
        gesture.sandbox.sockets.drop_all()
    _tell(gesture)
    return {"id": added.id}


@act("lift")
async def lift(gesture: Gesture) -> JsonObject:
    """`id?`: ends one fault, or all of them; events that were withheld are sent."""
    gesture.sandbox.faults.lift(gesture.text("id"))
    if gesture.sandbox.faults.standing("withhold_events") is None:
        gesture.sandbox.delivery.release()
    _tell(gesture)
    return {}


@act("settings")
async def settings(gesture: Gesture) -> JsonObject:
    """The settings to change → all settings."""
    gesture.sandbox.settings.change(gesture.args)
    gesture.sandbox.limits.scale = gesture.sandbox.settings.rate_scale
    _tell(gesture)
    return dataclasses.asdict(gesture.sandbox.settings)


@act("skip")
async def skip(gesture: Gesture) -> JsonObject:
    """`seconds` → the new `offset`, or `to_real`: back to the machine's time. Time runs on from there."""
    clock = gesture.sandbox.clock
    offset = clock.set_offset(0.0) if gesture.flag("to_real") else clock.skip(gesture.number("seconds"))
    gesture.sandbox.feed.publish("clock", {"offset": offset})
    return {"offset": offset, "now": gesture.sandbox.clock.now()}


@act("drop_sockets")
async def drop_sockets(gesture: Gesture) -> JsonObject:
    """Cuts all sockets without a word → `dropped`."""
    return {"dropped": gesture.sandbox.sockets.drop_all()}


@act("refresh_sockets")
async def refresh_sockets(gesture: Gesture) -> JsonObject:
    """`reason?`: warning, refresh_requested (default) or link_disabled → `sockets` told."""
    reason = gesture.text("reason", "refresh_requested")
    if reason not in {"warning", "refresh_requested", "link_disabled"}:
        raise NotPossible(f"There is no reason {reason!r}.")
    if reason == "warning":
        return {"sockets": gesture.sandbox.sockets.disconnect_all("warning")}
    if reason == "link_disabled":
        return {"sockets": gesture.sandbox.sockets.disconnect_all("link_disabled")}
    return {"sockets": gesture.sandbox.sockets.disconnect_all("refresh_requested")}


@act("deliver_to")
async def deliver_to(gesture: Gesture) -> JsonObject:
    """`url?`: signed HTTP to that request URL from now on; without one Socket Mode."""
    gesture.sandbox.deliver_to(gesture.text("url"))
    return {}


@act("verify_url")
async def verify_url(gesture: Gesture) -> JsonObject:
    """Sends url_verification → `verified`."""
    return {"verified": await gesture.sandbox.delivery.verify_url(new_secret(32))}


@act("redeliver")
async def redeliver(gesture: Gesture) -> JsonObject:
    """Lets events that wait for their next try go now."""
    gesture.sandbox.delivery.hurry()
    return {}


@act("forget")
async def forget(gesture: Gesture) -> JsonObject:
    """Clears the logs of calls, envelopes and violations; the workspace stays."""
    gesture.sandbox.journal.clear()
    gesture.sandbox.feed.publish("forgotten", {})
    return {}


@act("reset")
async def reset(gesture: Gesture) -> JsonObject:
    """Back to the seed; where somebody looks after the app's process, the app forgets everything, too."""
    await gesture.sandbox.reset()
    return {}
