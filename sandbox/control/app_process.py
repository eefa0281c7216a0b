"""The app's process: what people want of it, and what its supervisor says."""

from __future__ import annotations

from sandbox.control.request import Gesture, act
from sandbox.interactions import NotPossible
from sandbox.jsontypes import JsonObject
from sandbox.supervision import as_state, as_wish


@act("app")
async def app(gesture: Gesture) -> JsonObject:
    """`want` (running or killed) or `kill_every` (seconds, 0 to stop) → as the reading `app`."""
    supervision = gesture.sandbox.supervision
    if "kill_every" in gesture.args:
        supervision.kill_every(gesture.number("kill_every"))
    else:
        want = as_wish(gesture.needed("want"))
        if want is None:
            raise NotPossible("Give want as running or killed.")
        supervision.wish(want)
    return supervision.reading()


@act("app_state")
async def app_state(gesture: Gesture) -> JsonObject:
    """`state` (starting, ready, dead, erased), `detail?`: the supervisor tells."""
    state = as_state(gesture.needed("state"))
    if state is None:
        raise NotPossible("Give state as starting, ready, dead or erased.")
    gesture.sandbox.supervision.told(state, gesture.text("detail"))
    return {}
