"""Calls that nobody asked for, though they went to somebody of ours: the provider rang twice. Seen, and kept."""

from itertools import chain

from campaigns.domain.call import CallReport, Direction
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.ports.store import Store

from .recorder import Recorder, whole_of
from .sweep import Round, fits
from .terms import AccountTerms, TermsBook

S = AttemptState

_UNASKED = (S.INTENT, S.NOT_SENT)
"""The provider has not heard of these."""
_UNKNOWN = (S.SENDING, S.BOOKED, S.UNCLEAR, S.UNCERTAIN)
"""Of these nobody knows the call yet, as of an attempt that a person or a policy has ended: a search will tell."""


class Strangers:
    """Judges calls of one account that no attempt owns."""

    def __init__(self, store: Store, account: AccountTerms, *, book: TermsBook, recorder: Recorder) -> None:
        self._store, self._account, self._book, self._recorder = store, account, book, recorder
        self._judged: set[str] = set()
        """Calls that were shown in the last round: somebody's, noted, or none of ours. No later attempt changes it."""

    async def look(self, asked: Round) -> list[CallReport]:
        """Note all that were shown; returns those that are noted now."""
        shown = {name: call for name, call in asked.seen.items() if call.direction is Direction.OUTBOUND}
        new = sorted(shown.keys() - (self._judged - asked.hints.keys()))
        self._judged &= shown.keys()
        owned = await self._store.known_calls(self._account.name, new) if new else {}
        self._judged |= owned.keys()
        return [shown[name] for name in new if name not in owned and await self._judge(shown[name], asked)]

    async def _judge(self, call: CallReport, asked: Round) -> bool:
        """Whether it is one too many."""
        near = [attempt for attempt in await self._near(call) if self._fits(attempt, call)]
        if any(attempt.call_id == call.call_id for attempt in near):
            return False  # its answer was written just now
        if any(attempt.state in _UNKNOWN or (attempt.state is S.ENDED and not attempt.call_id) for attempt in near):
            return False
        self._judged.add(call.call_id)
        if near:
            latest = max(near, key=lambda attempt: attempt.rings_from)
            whole = whole_of(asked.hints.get(call.call_id, []), call, of=latest)
            await self._recorder.note_others(latest, [whole])
        return bool(near)

    async def _near(self, call: CallReport) -> list[Attempt]:
        """Attempts that it may belong to: by our own id, else by its number."""
        if call.attempt_id is not None:
            named = await self._store.attempt(call.attempt_id)
            return [named] if named is not None else []
        if call.phone is None:
            return []
        leads = await self._store.leads_with_phone(self._book.phone_key(call.phone))
        return list(chain.from_iterable([await self._store.attempts_of(lead.id) for lead, _ in leads]))

    def _fits(self, attempt: Attempt, call: CallReport) -> bool:
        if attempt.provider != self._account.name or attempt.state in _UNASKED:
            return False
        return fits(attempt, call, longest_call=self._account.longest_call, by_id_only=False)
