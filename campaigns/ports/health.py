"""What is asked of a vendor before anybody is dialled, and what is found.

A fault (`ok` is False) keeps a campaign from starting, so it needs proof: the vendor's own answer or the settings show
that it cannot succeed. A vendor that is down, slow, or says something that nobody understands is a doubt (None).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Needs:
    """What a campaign will want of its provider; empty: only the account itself is looked at."""

    agents: frozenset[str] = frozenset()
    caller_ids: tuple[str, ...] = ()
    """As campaign files write them: E.164, or provider ids."""
    calls: int = 0
    """The most that can still be made."""
    talk_minutes: float = 0.0
    """Their worst case."""
    reports_come: bool = False
    """Whether webhooks are expected, so that their proof must be configured."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    """`key`, `agent`, `numbers`, `credits`, `webhooks`, `clock`, …; a fault of `key` or `credits` is the account's."""
    ok: bool | None
    """None: it could not be found out, or it is a doubt: told, and no reason to stop."""
    says: str
    mend: str = ""

    @property
    def told(self) -> str:
        """For people: what was found as a sentence, then its mend."""
        says = self.says if self.says.endswith((".", "!", "?")) else f"{self.says}."
        return f"{says} {self.mend}".strip()
