"""What the client hands to tests: messages, views, results and logs as read-only values."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.elements import placed_elements
from sandbox.jsontypes import JsonObject, as_list, as_number, as_object, as_text, objects


def visible_text(value: object) -> str:
    """All text a person reads in blocks, in order, one line per text object."""
    lines: list[str] = []
    _collect(value, lines)
    return "\n".join(lines)


def _collect(value: object, lines: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(item, lines)
        return
    if not isinstance(value, dict):
        return
    if as_text(value.get("type")) in {"rich_text_section", "rich_text_quote", "rich_text_preformatted"}:
        lines.append("".join(_inline(item) for item in objects(value.get("elements"))))
        return
    if isinstance(value.get("text"), str):
        lines.append(value["text"])
        return
    for key, item in value.items():
        if key not in {"confirm", "value", "options", "option_groups", "initial_option"}:
            _collect(item, lines)


def _inline(item: JsonObject) -> str:
    kind = item.get("type")
    if kind == "user":
        return f"<@{as_text(item.get('user_id'))}>"
    if kind == "channel":
        return f"<#{as_text(item.get('channel_id'))}>"
    if kind == "emoji":
        return f":{as_text(item.get('name'))}:"
    if kind == "date":
        return as_text(item.get("fallback"))
    return as_text(item.get("text")) or as_text(item.get("url"))


def button_labels(blocks: list[JsonObject]) -> list[str]:
    """The buttons a person sees, in order."""
    return [placed.label for placed in placed_elements(blocks) if placed.type == "button"]


@dataclass(frozen=True)
class SeenMessage:
    """A message or an ephemeral. `raw` is what Slack's API would show."""

    raw: JsonObject

    @property
    def ts(self) -> str:
        return as_text(self.raw.get("ts"))

    @property
    def text(self) -> str:
        """The `text` argument: notification and fallback."""
        return as_text(self.raw.get("text"))

    @property
    def user(self) -> str:
        return as_text(self.raw.get("user"))

    @property
    def channel(self) -> str:
        """Filled for ephemerals only."""
        return as_text(self.raw.get("channel"))

    @property
    def thread_ts(self) -> str:
        return as_text(self.raw.get("thread_ts"))

    @property
    def subtype(self) -> str:
        return as_text(self.raw.get("subtype"))

    @property
    def app_id(self) -> str:
        """The app that posted it, empty for people."""
        return as_text(self.raw.get("app_id"))

    @property
    def blocks(self) -> list[JsonObject]:
        return objects(self.raw.get("blocks"))

    @property
    def metadata(self) -> JsonObject:
        return as_object(self.raw.get("metadata"))

    @property
    def everything(self) -> str:
        """`text` and all visible text of blocks and attachments."""
        return "\n".join(
            [self.text, visible_text(self.blocks), visible_text(self.raw.get("attachments"))]
        ).strip()

    @property
    def buttons(self) -> list[str]:
        attached = [
            b
            for attachment in objects(self.raw.get("attachments"))
            for b in objects(attachment.get("blocks"))
        ]
        return button_labels(self.blocks + attached)

    @property
    def reactions(self) -> dict[str, list[str]]:
        """Users (ids) by emoji name."""
        return {
            as_text(entry.get("name")): [as_text(user) for user in as_list(entry.get("users"))]
            for entry in objects(self.raw.get("reactions"))
        }


@dataclass(frozen=True)
class SeenView:
    """A modal or App Home on somebody's screen."""

    raw: JsonObject

    @property
    def id(self) -> str:
        return as_text(self.raw.get("id"))

    @property
    def title(self) -> str:
        return as_text(as_object(self.raw.get("title")).get("text"))

    @property
    def callback_id(self) -> str:
        return as_text(self.raw.get("callback_id"))

    @property
    def private_metadata(self) -> str:
        return as_text(self.raw.get("private_metadata"))

    @property
    def hash(self) -> str:
        return as_text(self.raw.get("hash"))

    @property
    def blocks(self) -> list[JsonObject]:
        return objects(self.raw.get("blocks"))

    @property
    def text(self) -> str:
        """All visible text of the blocks."""
        return visible_text(self.blocks)

    @property
    def labels(self) -> list[str]:
        """Labels of the inputs, in order."""
        return [placed.label for placed in placed_elements(self.blocks) if placed.is_input]

    @property
    def buttons(self) -> list[str]:
        return button_labels(self.blocks)

    @property
    def errors(self) -> dict[str, str]:
        """The error texts now shown, by block_id."""
        return {key: as_text(value) for key, value in as_object(self.raw.get("errors")).items()}

    @property
    def values(self) -> JsonObject:
        """`state.values` as it stands."""
        return as_object(as_object(self.raw.get("state")).get("values"))


@dataclass(frozen=True)
class GestureResult:
    """How the app took a command, click or submission.

    `error` is what the person sees if it did not: `operation_timeout` or `dispatch_failed`. `ack` is the body
    of the acknowledgement, `errors` the form errors shown, by block_id.
    """

    acked: bool
    error: str = ""
    ack: JsonObject = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Everything a person reads in the body of the acknowledgement."""
        return "\n".join([as_text(self.ack.get("text")), visible_text(self.ack.get("blocks"))]).strip()

    @classmethod
    def of(cls, data: JsonObject) -> GestureResult:
        errors = {key: as_text(value) for key, value in as_object(data.get("errors")).items()}
        return cls(data.get("acked") is True, as_text(data.get("error")), as_object(data.get("ack")), errors)


CommandResult = GestureResult


@dataclass(frozen=True)
class SeenCall:
    """A call of the Web API by the app, or of a response_url (`method` is then `response_url`).

    `applied`: the workspace did it, whatever the app heard of it.
    """

    number: int
    time: float
    method: str
    args: JsonObject
    status: int
    answer: JsonObject
    answered: bool
    fault: str
    applied: bool

    @property
    def ok(self) -> bool:
        return self.answer.get("ok") is True

    @property
    def error(self) -> str:
        return as_text(self.answer.get("error"))

    @classmethod
    def of(cls, data: JsonObject) -> SeenCall:
        return cls(
            number=int(as_number(data.get("number"))),
            time=as_number(data.get("time")),
            method=as_text(data.get("method")),
            args=as_object(data.get("args")),
            status=int(as_number(data.get("status"))),
            answer=as_object(data.get("answer")),
            answered=data.get("answered") is True,
            fault=as_text(data.get("fault")),
            applied=data.get("applied") is True,
        )


@dataclass(frozen=True)
class SeenAttempt:
    """One try of an envelope. `outcome`: pending, acked, timeout, lost, refused or failed."""

    number: int
    outcome: str
    via: str
    sent_at: float
    ack: JsonObject
    ack_ms: float | None


@dataclass(frozen=True)
class SeenEnvelope:
    """Something sent to the app. `kind`: events_api, interactive or slash_commands."""

    kind: str
    name: str
    payload: JsonObject
    acked: bool
    attempts: list[SeenAttempt]

    @property
    def event(self) -> JsonObject:
        """The inner event."""
        return as_object(self.payload.get("event"))

    @classmethod
    def of(cls, data: JsonObject) -> SeenEnvelope:
        attempts = [
            SeenAttempt(
                number=int(as_number(item.get("number"))),
                outcome=as_text(item.get("outcome")),
                via=as_text(item.get("via")),
                sent_at=as_number(item.get("sent_at")),
                ack=as_object(item.get("ack")),
                ack_ms=None if item.get("ack_ms") is None else as_number(item.get("ack_ms")),
            )
            for item in objects(data.get("attempts"))
        ]
        return cls(
            kind=as_text(data.get("kind")),
            name=as_text(data.get("name")),
            payload=as_object(data.get("payload")),
            acked=data.get("acked") is True,
            attempts=attempts,
        )


@dataclass(frozen=True)
class SeenViolation:
    """A breach of Slack's protocol by the app."""

    kind: str
    method: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind} in {self.method}: {self.detail}"
