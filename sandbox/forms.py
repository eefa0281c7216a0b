"""Form bodies, read with the standard library."""

from __future__ import annotations

import email.parser
import email.policy
import urllib.parse
from dataclasses import dataclass


class UnreadableForm(ValueError):
    """The body is not the form its content type announces; send it anew."""


@dataclass(frozen=True)
class Field:
    name: str
    value: bytes
    is_file: bool

    @property
    def text(self) -> str:
        return self.value.decode("utf-8", "replace")


def read_form(body: bytes, content_type: str) -> list[Field]:
    """The fields of an urlencoded or multipart body. Raises UnreadableForm."""
    if content_type.startswith("multipart/form-data"):
        return _multipart(body, content_type)
    try:
        pairs = urllib.parse.parse_qsl(body.decode("utf-8"), keep_blank_values=True)
    except ValueError as error:
        raise UnreadableForm("The body is not urlencoded.") from error
    return [Field(name, value.encode("utf-8", "surrogatepass"), is_file=False) for name, value in pairs]


def _multipart(body: bytes, content_type: str) -> list[Field]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise UnreadableForm("The body is not multipart.")
    fields = []
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        value = content if isinstance(content, bytes) else b""
        fields.append(Field(str(name), value, is_file=part.get_filename() is not None))
    return fields
