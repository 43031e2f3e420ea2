"""Proof of webhooks: what stands, and that nothing else does."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from campaigns.domain.errors import ProofError
from campaigns.vendors.signatures import attempt_of, attempt_token, check_stamped, check_token

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SECRET, TOKEN, BODY = "a secret of ours", "t" * 20, b'{"event": "told"}'


def signed(at: datetime = NOW, *, secret: str = SECRET, body: bytes = BODY) -> tuple[str, str]:
    stamp = str(int(at.timestamp()))
    return stamp, hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def proved(stamp: str, told: str, *, secret: str = SECRET, body: bytes = BODY) -> bool:
    try:
        check_stamped(told, stamp=stamp, body=body, secrets=(secret,), now=NOW)
    except ProofError:
        return False
    return True


@pytest.mark.parametrize(("seconds", "stands"), [(0, True), (-300, True), (300, True), (-301, False), (301, False)])
def test_a_signature_stands_for_five_minutes(seconds: int, stands: bool) -> None:
    assert proved(*signed(NOW + timedelta(seconds=seconds))) is stands


@pytest.mark.parametrize(
    "stamp", ["", "-1", "1e9", "\uff11\uff17", "9" * 13, " 1790500000", "0x10", "NaN", "1790500000.0"]
)
def test_a_time_that_is_no_plain_number_proves_nothing(stamp: str) -> None:
    assert not proved(stamp, hmac.new(SECRET.encode(), f"{stamp}.".encode() + BODY, hashlib.sha256).hexdigest())


def test_another_body_secret_or_hash_proves_nothing() -> None:
    stamp, right = signed()
    assert proved(stamp, right)
    assert not proved(stamp, right, body=BODY + b" ")
    assert not proved(*signed(secret="another"))
    assert not proved(*signed(secret=""), secret="")
    assert not any(proved(stamp, wrong) for wrong in ("", right[:-1], right.upper(), right + "0", "é" * 64, "\ud800"))


def test_an_address_for_one_attempt_names_it() -> None:
    assert attempt_of(attempt_token(TOKEN, "attempt-1"), (TOKEN,)) == "attempt-1"
    assert attempt_of(TOKEN, (TOKEN,)) is None


def test_an_account_s_own_token_may_hold_a_dot() -> None:
    own = "calls.example." + TOKEN
    assert attempt_of(own, (own,)) is None
    assert attempt_of(attempt_token(own, "attempt-1"), (own,)) == "attempt-1"
    with pytest.raises(ProofError):
        attempt_of("short.", ("short.",))


@pytest.mark.parametrize("told", ["attempt-1.", "attempt-2." + attempt_token(TOKEN, "attempt-1").partition(".")[2], "",
                                  "x", TOKEN[:-1], TOKEN + ".", f".{TOKEN}"])  # fmt: skip
def test_a_forged_address_is_no_proof(told: str) -> None:
    with pytest.raises(ProofError):
        attempt_of(told, (TOKEN,))


def test_a_token_that_is_too_short_is_no_secret() -> None:
    with pytest.raises(ProofError):
        check_token("short", ("short",))


def test_while_one_secret_follows_another_both_stand_and_then_the_old_one_no_more() -> None:
    other = "o" * 20
    for told in (TOKEN, other, attempt_token(TOKEN, "a1"), attempt_token(other, "a1")):
        attempt_of(told, (TOKEN, other))
    stamp, by_old = signed(secret="the old one")
    check_stamped(by_old, stamp=stamp, body=BODY, secrets=(SECRET, "the old one"), now=NOW)
    with pytest.raises(ProofError):
        check_stamped(by_old, stamp=stamp, body=BODY, secrets=(SECRET,), now=NOW)
    for told in (other, attempt_token(other, "a1")):
        with pytest.raises(ProofError):
            attempt_of(told, (TOKEN,))


@pytest.mark.parametrize("weak", ["", "short"])
def test_an_address_for_one_attempt_proves_nothing_where_the_account_s_own_could_be_guessed(weak: str) -> None:
    for told in (attempt_token(weak, "attempt-1"), "\ud800.x", "."):
        with pytest.raises(ProofError):
            attempt_of(told, (weak,))
