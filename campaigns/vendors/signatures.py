"""Webhook proof: what a stranger cannot make."""

import hmac
from datetime import datetime, timedelta

from campaigns.domain.errors import ProofError

FRESH = timedelta(minutes=5)
"""How far a signed time may be from ours; what Callbell and HMS Sovereign say in their own documents."""


def same(told: str, ours: str) -> bool:
    """In constant time, whatever characters the stranger sent."""
    return hmac.compare_digest(told.encode("utf-8", "surrogatepass"), ours.encode())


def check_token(told: str, ours: str) -> None:
    """The secret part of the address. Raises ProofError; also where ours is too short to be a secret."""
    if len(ours) < 16 or not same(told, ours):
        raise ProofError("wrong address token")


def check_stamped(told: str, *, stamp: str, body: bytes, secret: str, now: datetime) -> None:
    """HMAC-SHA256 in hex over `stamp.body`, with a fresh stamp in unix seconds. Raises ProofError."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise ProofError("no usable time stamp")
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        raise ProofError("too old, or from the future")
    if not secret or not same(told, hmac.digest(secret.encode(), stamp.encode() + b"." + body, "sha256").hex()):
        raise ProofError("wrong signature")


def attempt_token(token: str, attempt_id: str) -> str:
    """The secret part of an address that is good for one attempt: `ATTEMPT.HMAC(token, attempt)`."""
    return f"{attempt_id}.{hmac.digest(token.encode(), attempt_id.encode(), 'sha256').hex()[:40]}"


def attempt_of(told: str, token: str) -> str | None:
    """The attempt that such an address names; None: it is the account's own. Raises ProofError for a forged one."""
    attempt_id, dot, _ = told.partition(".")
    if not dot or same(told, token):  # the account's own may hold a dot: whoever runs it chose it
        check_token(told, token)
        return None
    check_token(told, attempt_token(token, attempt_id))
    return attempt_id
