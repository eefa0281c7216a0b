from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.signature import WINDOW, sign, verify

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BODY = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&command=%2Fweather&text=94070"
NOW = 1_531_420_618.5
STAMP = "1531420618"
SIGNATURE = sign(SECRET, timestamp=STAMP, body=BODY)


@dataclass(frozen=True)
class Attempt:
    """One request, as the verifier sees it."""

    secrets: tuple[str, ...] = (SECRET,)
    timestamp: str | None = STAMP
    signature: str | None = SIGNATURE
    body: bytes = BODY

    def is_accepted(self) -> bool:
        return verify(
            self.secrets, timestamp=self.timestamp, signature=self.signature, body=self.body, now=NOW
        )


def test_what_slack_signed_is_authentic() -> None:
    assert Attempt().is_accepted()


def test_the_signature_is_the_hmac_that_slack_documents() -> None:
    base = b"v0:" + STAMP.encode() + b":" + BODY
    assert "v0=" + hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest() == SIGNATURE


@pytest.mark.parametrize("secrets", [("new", SECRET), (SECRET, "old"), (SECRET, "")])
def test_during_rotation_both_secrets_are_accepted(secrets: tuple[str, ...]) -> None:
    assert Attempt(secrets=secrets).is_accepted()


FORGERIES = {
    "another secret": Attempt(secrets=("another",)),
    "no secret at all": Attempt(secrets=()),
    "an empty secret": Attempt(secrets=("",), signature=sign("", timestamp=STAMP, body=BODY)),
    "no timestamp": Attempt(timestamp=None),
    "an empty timestamp": Attempt(timestamp=""),
    "a timestamp in words": Attempt(timestamp="abc"),
    "not a number": Attempt(timestamp="NaN"),
    "infinity": Attempt(timestamp="inf"),
    "a fraction": Attempt(timestamp=f"{STAMP}.0"),
    "an exponent": Attempt(timestamp="1e9"),
    "a sign": Attempt(timestamp=f"+{STAMP}"),
    "a negative timestamp": Attempt(timestamp=f"-{STAMP}"),
    "spaces": Attempt(timestamp=f" {STAMP} "),
    "an underscore": Attempt(timestamp="1_531_420_618"),
    "digits of another script": Attempt(timestamp="١٥٣١٤٢٠٦١٨"),
    "a superscript": Attempt(timestamp="²"),
    "another timestamp": Attempt(timestamp=str(int(STAMP) + 1)),
    "a huge timestamp": Attempt(timestamp="9" * 5000),
    "no signature": Attempt(signature=None),
    "an empty signature": Attempt(signature=""),
    "another version": Attempt(signature=SIGNATURE.replace("v0", "v1")),
    "without its version": Attempt(signature=SIGNATURE[3:]),
    "a truncated signature": Attempt(signature=SIGNATURE[:-1]),
    "a longer signature": Attempt(signature=SIGNATURE + "0"),
    "in capitals": Attempt(signature=SIGNATURE.upper()),
    "not ASCII": Attempt(signature="v0=é" + "0" * 63),
    "a changed body": Attempt(body=BODY + b" "),
    "an empty body": Attempt(body=b""),
    "a body cut short": Attempt(body=BODY[:-1]),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forgery_is_not_authentic(forgery: Attempt) -> None:
    assert forgery.is_accepted() is False


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, True), (WINDOW - 1, True), (WINDOW + 1, False), (-WINDOW + 1, True), (-WINDOW - 1, False)],
)
def test_a_request_is_good_for_five_minutes_around_its_time(age: int, expected: bool) -> None:
    timestamp = str(int(NOW) - age)
    signature = sign(SECRET, timestamp=timestamp, body=BODY)
    verdict = verify((SECRET,), timestamp=timestamp, signature=signature, body=BODY, now=float(int(NOW)))
    assert verdict is expected


@given(timestamp=st.text(max_size=30), signature=st.text(max_size=80), body=st.binary(max_size=200))
def test_nonsense_is_refused_and_never_an_error(timestamp: str, signature: str, body: bytes) -> None:
    assert not verify((SECRET,), timestamp=timestamp, signature=signature, body=body, now=NOW)
