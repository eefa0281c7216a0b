"""Socket Mode: up to ten WebSockets, each envelope to exactly one of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox import clock as clocks
from sandbox.delivery import Answer, Outgoing
from sandbox.ids import new_secret
from sandbox.journal import Journal
from sandbox.jsontypes import JsonObject, as_object, as_text, parse

MAX_SOCKETS = 10
TICKET_LIFETIME = 30.0
"""Seconds; Slack's addresses of sockets live about as long."""
DisconnectReason = Literal["warning", "refresh_requested", "link_disabled", "too_many_websockets"]


class Connection:
    """One open socket. Acks are matched by envelope id to whoever waits for them."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.id = new_secret(6)
        self.draining = False
        self.outbox: asyncio.Queue[JsonObject | None] = asyncio.Queue()
        self.waiting: dict[str, asyncio.Future[Answer]] = {}

    def lose(self) -> None:
        """Tells everybody who waits for an ack that none will come."""
        for future in self.waiting.values():
            if not future.done():
                future.set_result(Answer("lost", f"socket:{self.id}", detail="the socket closed"))
        self.waiting.clear()


class SocketHub:
    """The transport of Socket Mode and the server side of its sockets."""

    name = "socket"

    def __init__(
        self,
        *,
        journal: Journal,
        app_id: str,
        abort: Callable[[object], bool],
        changed: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._journal = journal
        self._app_id = app_id
        self._abort = abort
        self._changed = changed
        self._tickets: dict[str, float] = {}
        self._turn = 0
        self.connections: list[Connection] = []

    def new_ticket(self) -> str:
        """The single-use right to open one socket."""
        ticket, now = new_secret(36), clocks.real()
        self._tickets = {t: born for t, born in self._tickets.items() if now - born < TICKET_LIFETIME}
        self._tickets[ticket] = now
        return ticket

    def is_full(self) -> bool:
        return len(self.connections) >= MAX_SOCKETS

    async def serve(self, websocket: WebSocket) -> None:
        """Runs one socket from its handshake to its end."""
        ticket = websocket.query_params.get("ticket", "")
        born = self._tickets.pop(ticket, None)
        if born is None or clocks.real() - born > TICKET_LIFETIME:
            await websocket.close(code=4000)
            return
        await websocket.accept()
        connection = Connection(websocket)
        if self.is_full():
            await websocket.send_text(json.dumps(_disconnect("too_many_websockets")))
            await websocket.close()
            return
        self.connections.append(connection)
        self._changed(len(self.connections))
        connection.outbox.put_nowait(self._hello())
        writer = asyncio.get_running_loop().create_task(_write(connection))
        try:
            await self._read(connection)
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
            self._changed(len(self.connections))
            connection.lose()
            writer.cancel()

    async def send(self, outgoing: Outgoing, timeout: float) -> Answer:
        """Puts the envelope on one socket and waits for its ack."""
        connection = self._choose()
        if connection is None:
            return Answer("refused", detail="no socket is open")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        connection.waiting[outgoing.envelope_id] = future
        connection.outbox.put_nowait(_frame(outgoing))
        via = f"socket:{connection.id}"
        try:
            return await asyncio.wait_for(future, timeout)
        except TimeoutError:
            return Answer("timeout", via)
        finally:
            connection.waiting.pop(outgoing.envelope_id, None)

    def drop_all(self) -> int:
        """Cuts every socket without a word, as a broken network does. Returns how many."""
        dropped = list(self.connections)
        for connection in dropped:
            self.connections.remove(connection)
            connection.lose()
            if not self._abort(connection.websocket.scope.get("client")):
                connection.outbox.put_nowait(None)
        return len(dropped)

    def disconnect_all(self, reason: DisconnectReason) -> int:
        """Asks the app to reconnect; all reasons but `warning` also close the socket."""
        for connection in list(self.connections):
            connection.draining = True
            connection.outbox.put_nowait(_disconnect(reason))
            if reason != "warning":
                connection.outbox.put_nowait(None)
        return len(self.connections)

    def _choose(self) -> Connection | None:
        # A draining socket still works until it is closed, but fresh ones come first.
        fresh = [c for c in self.connections if not c.draining]
        candidates = fresh or self.connections
        if not candidates:
            return None
        self._turn += 1
        return candidates[self._turn % len(candidates)]

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    async def _read(self, connection: Connection) -> None:
        while True:
            try:
                message = await connection.websocket.receive()
            except (WebSocketDisconnect, RuntimeError):
                return
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                self._journal.violation("bad_frame", "socket", "a binary frame; Slack reads text only")
            else:
                self._receive(connection, text)

    def _receive(self, connection: Connection, text: str) -> None:
        try:
            data = parse(text)
        except ValueError:
            self._journal.violation("bad_frame", "socket", f"not JSON: {text[:80]!r}")
            return
        if not isinstance(data, dict) or not as_text(data.get("envelope_id")):
            self._journal.violation("bad_frame", "socket", f"names no envelope_id: {text[:80]!r}")
            return
        future = connection.waiting.get(as_text(data.get("envelope_id")))
        if future is None:
            # After a timeout the violation is already on record; Slack ignores late acks.
            return
        if not future.done():
            future.set_result(Answer("acked", f"socket:{connection.id}", as_object(data.get("payload"))))


async def _write(connection: Connection) -> None:
    while True:
        frame = await connection.outbox.get()
        try:
            if frame is None:
                await connection.websocket.close()
                return
            await connection.websocket.send_text(json.dumps(frame))
        except (WebSocketDisconnect, RuntimeError):
            return


def _frame(outgoing: Outgoing) -> JsonObject:
    frame: JsonObject = {
        "envelope_id": outgoing.envelope_id,
        "type": outgoing.kind,
        "payload": outgoing.payload,
        "accepts_response_payload": outgoing.accepts_response,
    }
    if outgoing.kind == "events_api":
        frame["retry_attempt"] = outgoing.retry_attempt
        frame["retry_reason"] = _socket_reason(outgoing.retry_reason)
    return frame


def _socket_reason(reason: str) -> str:
    return {"http_timeout": "timeout"}.get(reason, reason)


def _disconnect(reason: DisconnectReason) -> JsonObject:
    return {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
