"""Slips of a programmer, each of which breaks a promise, and the tests that notice: `python tests/mutants.py [NAME…]`.

Each is tried in a copy of the package, two at a time at most. One that survives is a hole in the tests.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 300
"""Real seconds after which a mutant counts as noticed: it hangs."""
KNOWN = ("PATH", "HOME", "TMPDIR", "LANG")
"""What the tests of a mutant are told of our environment."""


@dataclass(frozen=True)
class Mutant:
    """One slip."""

    name: str
    breaks: str
    """What would happen to somebody."""
    file: str
    """Below `campaigns/`."""
    right: str
    """The exact text, which stands in the file once."""
    wrong: str
    tests: tuple[str, ...]
    """Files below `tests/`; one of their tests must fail."""


# fmt: off
MUTANTS = (
    # --- domain: words and laws
    Mutant("window-closes-late", "called at the very instant at which the hours have ended",
           "domain/hours.py", "if closes > after:", "if closes >= after:", ("domain/test_hours.py",)),
    Mutant("cap-forgets-early", "called again when the last call is exactly as old as the law's period",
           "domain/caps.py", "_AFTER = timedelta(microseconds=1)", "_AFTER = timedelta()", ("domain/test_legal.py",)),
    Mutant("cap-one-more", "called once more a day than the law allows",
           "domain/caps.py", "for n, ends in inside if n >= cap.max", "for n, ends in inside if n > cap.max",
           ("domain/test_legal.py",)),
    Mutant("customer-asked-for-it", "a customer is taken for somebody who asked to be called",
           "domain/screening.py", '"request_only": frozenset({Basis.REQUESTED}),',
           '"request_only": frozenset({Basis.REQUESTED, Basis.CUSTOMER}),', ("domain/test_legal.py",)),
    Mutant("doubt-is-not-sent", "an unclear answer is taken for proof that nothing was sent, and dialled again",
           "domain/transitions.py", "advance(attempt, S.UNCLEAR, reason=placement.reason, unclear_since=now)",
           "advance(attempt, S.NOT_SENT, reason=placement.reason, ended_at=now)", ("engine/test_doubts.py",)),
    Mutant("opt-out-fades", "whoever asked not to be called is, when a later report says something else",
           "domain/transitions.py", "if lead.outcome is Outcome.DO_NOT_CALL:", "if lead.outcome is Outcome.REFUSED:",
           ("domain/test_transitions.py",)),
    Mutant("unknown-wins", "a late `unknown` takes the place of a conversation",
           "domain/transitions.py", "return max(one, other, key=_FIRMNESS.index)",
           "return min(one, other, key=_FIRMNESS.index)", ("domain/test_transitions.py",)),
    Mutant("breaker-late", "a sick provider makes four doubts before it is left alone",
           "domain/pacing.py", "IN_A_ROW = 3", "IN_A_ROW = 4", ("domain/test_pacing.py",)),
    Mutant("spacing-exact", "late sends put one call more into a second than the account allows",
           "domain/pacing.py", "return (timedelta(seconds=1) + tolerance) / per_second",
           "return timedelta(seconds=1) / per_second", ("domain/test_pacing.py",)),
    # --- planner: whether and when
    Mutant("no-margin", "the last dial of the day leaves after the hours have ended",
           "planner/decide.py", "MARGIN = timedelta(seconds=30)", "MARGIN = timedelta()", ("planner/test_decide.py",)),
    Mutant("law-in-the-campaigns-zone", "legal hours are read by the campaign's clock, and not by the person's",
           "planner/lawful.py", "LegalCase(lawful[0], lawful[1], lawful[2], zones, lawful[3])",
           "LegalCase(lawful[0], lawful[1], lawful[2], (own_zone,) if own_zone else zones, lawful[3])",
           ("engine/test_law.py", "planner/test_decide.py")),
    Mutant("first-zone-only", "of the zones in which a person may be only the first is asked",
           "planner/lawful.py", "for zone in zones]\n    places", "for zone in zones[:1]]\n    places",
           ("planner/test_decide.py",)),
    Mutant("gap-from-the-start", "called again too soon after a long call",
           "planner/questions.py", "at = case.last.ended_by + case.campaign.attempts.gap",
           "at = case.last.at + case.campaign.attempts.gap", ("planner/test_decide.py",)),
    Mutant("law-counts-one-campaign", "the law's caps are counted for each campaign by itself",
           "planner/questions.py", "if past.counts), *facts.elsewhere, *outside)", "if past.counts), *outside)",
           ("planner/test_decide.py", "engine/test_law.py")),
    Mutant("day-counts-one-campaign", "two campaigns each call a person as often as both may",
           "planner/questions.py", "return _full_day([*own, *others], most,", "return _full_day(own, most,",
           ("planner/test_decide.py",)),
    Mutant("one-attempt-more", "called once more than the file allows",
           "planner/questions.py", "if case.used < case.campaign.attempts.max + case.lead.callbacks:",
           "if case.used <= case.campaign.attempts.max + case.lead.callbacks:", ("planner/test_decide.py",)),
    Mutant("careless-zone", "of two possible zones a campaign begins in the earlier one",
           "planner/questions.py", "return max(instants) if latest else min(instants)",
           "return min(instants) if latest else max(instants)", ("planner/test_decide.py",)),
    # --- engine: carrying it out
    Mutant("absence-at-once", "the first empty look-up is believed, and a call that is made late is made twice",
           "engine/doubts.py", "if proves and attempt.empty_lookup_at is not None:", "if proves:",
           ("engine/test_doubts.py",)),
    Mutant("absence-too-early", "absence is believed while the provider may still be at it",
           "engine/doubts.py", "return now >= max(attempt.dial_before, unclear_since) + after",
           "return now >= unclear_since", ("engine/test_doubts.py",)),
    Mutant("any-call-fits", "of two calls that fit a doubt the first is taken for its own",
           "engine/doubts.py", "if own or len(free) == 1:", "if free:", ("engine/test_doubts.py",)),
    Mutant("inbound-is-ours", "a call from the person is taken for our call to them",
           "engine/doubts.py", "return report.direction is Direction.OUTBOUND and fits(", "return fits(",
           ("engine/test_doubts.py",)),
    Mutant("orphan-is-not-sent", "what a crash left in the middle of asking is dialled again",
           "engine/reconciler.py",
           'advance(attempt, S.UNCLEAR, unclear_since=attempt.first_sent_at, reason="stopped while asking")',
           'advance(attempt, S.NOT_SENT, ended_at=now, reason="stopped while asking")', ("engine/test_crashes.py",)),
    Mutant("live-call-ends", "a call that goes on at the provider is settled as unknown, and its line given away",
           "engine/reconciler.py", "silent_at(longest if lacks else 2 * longest)", "silent_at(longest)",
           ("engine/test_reports.py", "engine/test_doubts.py")),
    Mutant("settled-while-asking", "the reconciler settles what this process is about to ask for",
           "engine/reconciler.py", "if a.state in wanted and a.id not in self._dialer.in_flight]",
           "if a.state in wanted]", ("engine/test_crashes.py", "engine/test_doubts.py", "engine/test_dials.py")),
    Mutant("answer-cut-short", "stopped politely, an answer that has come is not written down",
           "engine/dialer.py",
           "with anyio.CancelScope(shield=True), anyio.move_on_after(30):", "with anyio.move_on_after(30):",
           ("engine/test_crashes.py", "engine/test_dials.py")),
    Mutant("old-permit", "a process that was frozen dials on the permit that it had before",
           "engine/dialer.py",
           "last = min(permitted.dial_before, (permitted.first_sent_at or send_at) + PERMIT * self._clock.tolerance)",
           "last = permitted.dial_before", ("engine/test_dials.py", "faults/test_frozen.py")),
    Mutant("dials-on-refused", "the account is refused, and everybody is tried all the same",
           "engine/dialer.py", "elif placement.account:\n            await self._steer(",
           "elif placement.account and placement.bad_data:\n            await self._steer(", ("engine/test_dials.py",)),
    Mutant("token-tells-the-end", "a webhook that only its address proves says how a call ended",
           "engine/recorder.py", "phone=None, ended=False,\n                disposition=None, ended_reason",
           "phone=None, ended_reason", ("engine/test_reports.py",)),
    Mutant("contradiction-believed", "a webhook that contradicts the fetched call is believed",
           "engine/recorder.py", "if _agrees(report, hint):", "if hint.call_id:", ("engine/test_reports.py",)),
    Mutant("erased-comes-back", "a late report brings back the words of whoever was erased",
           "engine/recorder.py", "report = discreet(report, attempt.call_id or \"\")", "report = merge(None, report)",
           ("desk/test_erasing.py", "engine/test_reports.py")),
    Mutant("unsigned-settles", "what nobody signed is settled as it comes",
           "engine/settler.py", "aside = news.grade is not Grade.BODY or news.report.direction is Direction.INBOUND",
           "aside = news.report.direction is Direction.INBOUND", ("engine/test_settling.py",)),
    Mutant("pause-keeps-bookings", "a paused campaign's bookings ring",
           "engine/keeper.py", "if terms.record.state is not CampaignState.ACTIVE:",
           "if terms.record.state is CampaignState.STOPPED:", ("engine/test_bookings.py",)),
    Mutant("outcome-twice", "an outcome whose answer was lost stands twice at the contact",
           "engine/list_returns.py", "returns, since=closed.first_tried_at)", "returns, since=None)",
           ("engine/test_returns.py",)),
    # --- stores: the permits
    Mutant("fence-ignores-pause", "whoever is written down is dialled though the campaign was paused",
           "stores/dial_verbs.py",
           "AND campaign.state = 'active'\n      AND campaign.version = attempt.campaign_version AND person.version",
           "AND person.version", ("stores/test_dial_verbs.py",)),
    Mutant("fence-ignores-silence", "dialled while the provider asked for silence",
           "stores/dial_verbs.py",
           "  AND NOT EXISTS (SELECT 1 FROM account WHERE provider = attempt.provider AND paused_until > :now)\n", "",
           ("stores/test_dial_verbs.py",)),
    Mutant("fence-ignores-the-list", "dialled though their number was put on the do-not-call list before the permit",
           "stores/dial_verbs.py",
           " AND person.version = attempt.person_version\n      AND NOT EXISTS ({SUPPRESSED}) FOR SHARE OF person)",
           ")", ("stores/test_dial_verbs.py",)),
    Mutant("fence-after-the-moment", "dialled after the last moment at which it was allowed",
           "stores/dial_verbs.py", " AND dial_before > :now\n", "\n", ("stores/test_dial_verbs.py",)),
    Mutant("begin-on-old-facts", "dialled on facts that have changed since they were judged",
           "stores/dial_verbs.py", "if versions.get(i.claimed.facts.lead.id) == i.claimed.person_version]",
           "if i.claimed.facts.lead.id in versions]", ("stores/test_dial_verbs.py",)),
    Mutant("claims-anybodys", "two workers take the same lead",
           "stores/dial_verbs.py", "AND (lease_owner IS NULL OR lease_until < :now)", "",
           ("stores/test_dial_verbs.py",)),
    Mutant("list-of-one-purpose", "barred for all purposes, and called for one",
           "stores/gathering.py", "s.scope IN ('all', campaign.purpose)", "s.scope = campaign.purpose",
           ("stores/test_dial_verbs.py",)),
    Mutant("opt-out-of-one-number", "barred on the number they were called on, and rung on their other one",
           "stores/move_verbs.py",
           'IN (SELECT id FROM lead WHERE person_key = :person)",\n        {"person": lead.person_key},',
           '= :lead",\n        {"lead": lead.id},', ("stores/test_opt_outs.py", "stores/test_report_verbs.py")),
    Mutant("last-write-wins", "of two who write the outcome of one call the slower overwrites the quicker",
           "stores/move_verbs.py", "WHERE id = :id AND rev = :seen AND state || '' = :from_state",
           "WHERE id = :id AND state || '' = :from_state", ("stores/test_report_verbs.py",)),
    Mutant("news-twice", "a webhook that comes twice is applied twice",
           "stores/report_verbs.py", "'new') ON CONFLICT DO NOTHING RETURNING id",
           "'new') ON CONFLICT (provider, dedupe_key) DO UPDATE SET state = 'new' RETURNING id",
           ("stores/test_report_verbs.py",)),
    Mutant("line-free-at-once", "a held doubt frees its number while the call may go on",
           "stores/report_verbs.py", '"before": us(now - longest_call)}', '"before": us(now)}',
           ("engine/test_doubts.py", "stores/test_report_verbs.py")),
    Mutant("erased-in-a-call", "a person is erased while a call to them is open",
           "stores/erasing_verbs.py", "attempt.state not in FINAL or attempt.open for", "attempt.open for",
           ("stores/test_erasing_verbs.py",)),
    Mutant("sqlite-normal", "after a power failure the intent of a call is gone, and the call is made again",
           "stores/sqlite.py", "PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL", ("stores/test_sqlite.py",)),
    Mutant("durability-unchecked", "a database that does not flush is dialled from",
           "stores/sqlite.py", 'if (mode, level) != ("wal", 2):', 'if mode != "wal":', ("stores/test_sqlite.py",)),
    Mutant("postgres-async", "after a restart of the server the intent of a call is gone",
           "stores/postgres.py", '"synchronous_commit": "on"', '"synchronous_commit": "off"',
           ("stores/test_postgres.py",)),
    Mutant("lease-by-own-clock", "a worker whose clock is ahead takes what another is at",
           "clock.py", "moment = _EPOCH + since_start + self._heard[0].ahead if self._heard else datetime.now(UTC)",
           "moment = datetime.now(UTC)", ("test_following_clock.py",)),
    # --- vendors and web: the edge
    Mutant("sent-is-not-sent", "a connection that breaks after the request is taken for proof that nothing was sent",
           "vendors/dial.py", "return Unclear(why(error))", "return NotSent(why(error))", ("vendors/test_dial.py",)),
    Mutant("500-is-a-refusal", "an answer of 500, which proves nothing, is taken for a refusal and dialled again",
           "vendors/flireo/dialing.py", "return None if 200 <= status < 300 else Unclear(said)",
           "return None if 200 <= status < 300 else Refused(said)", ("vendors/flireo/test_provider.py",)),
    Mutant("empty-signature", "an empty signature is not compared",
           "vendors/signatures.py", "if not any(same(told, hmac.digest(", "if told and not any(same(told, hmac.digest(",
           ("vendors/test_signatures.py", "vendors/contract/test_providers.py")),
    Mutant("empty-secret", "where no secret is set anybody can sign",
           "vendors/signatures.py", "for secret in secrets if secret):", "for secret in secrets):",
           ("vendors/test_signatures.py", "vendors/contract/test_providers.py")),
    Mutant("future-signature", "a delivery with a time to come can be replayed for years",
           "vendors/signatures.py", "if abs(now.timestamp() - int(stamp)) >", "if now.timestamp() - int(stamp) >",
           ("vendors/test_signatures.py",)),
    Mutant("prefix-of-a-token", "an address that begins with the secret one is let in",
           "vendors/signatures.py", "if not any(same(told, token) for token in _secret(tokens)):",
           "if not any(same(told[: len(token)], token) for token in _secret(tokens)):",
           ("vendors/contract/test_providers.py",)),
    Mutant("second-header-counts", "a header that stands twice is read as its last value",
           "web/receiver.py", 'headers[name] = f"{headers[name]}, {text}" if name in headers else text',
           "headers[name] = text", ("web/test_receiver.py",)),
    Mutant("thanks-before-the-commit", "a report that could not be kept is answered with 200, and never sent again",
           "web/receiver.py", 'return Response(status_code=503, headers={"Retry-After": "5"})', "return _THANKS",
           ("web/test_receiver.py",)),
)
# fmt: on


def tried(mutant: Mutant) -> tuple[str, float]:
    """The first of its tests that notices it, empty: none does; and after how many seconds."""
    began = time.monotonic()
    with _copy() as folder:
        path = folder / "campaigns" / mutant.file
        path.write_text(path.read_text("utf-8").replace(mutant.right, mutant.wrong), "utf-8")
        return _failing(folder, mutant.tests), time.monotonic() - began


def unfit(chosen: Sequence[Mutant]) -> str:
    """The first of their tests that fails on the package as it is, and so notices nothing; empty: none does."""
    with _copy() as folder:
        tests = sorted({test for mutant in chosen for test in mutant.tests})
        return _failing(folder, tests, within=PATIENCE * len(tests))


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutant-") as name:
        folder = Path(name)
        for part in ("campaigns", "tests", "sample_campaigns"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for part in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / part, folder)
        yield folder


def _failing(folder: Path, tests: Sequence[str], *, within: float = PATIENCE) -> str:
    """The first that fails, or what hangs; empty: none. Raises RuntimeError where they could not be run at all."""
    command = [sys.executable, "-m", "pytest", "-n0", "-x", "-q", "-p", "no:cacheprovider"]
    if not any("postgres" in test for test in tests):  # a verb is the same text on every database
        command += ["-k", "not postgres"]
    told = {name: os.environ[name] for name in KNOWN if name in os.environ} | {"PYTHONPATH": str(folder)}
    try:
        done = subprocess.run(
            [*command, *(f"tests/{name}" for name in tests)],
            check=False, cwd=folder, env=told, capture_output=True, text=True, timeout=within,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it hangs"
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 1) and failed is None:
        raise RuntimeError((done.stdout + done.stderr)[-2000:])
    return failed[1] if failed else ""


def trials(chosen: Sequence[Mutant]) -> Iterator[tuple[Mutant, str, float]]:
    """Each with the test that noticed it, and after how many seconds; two at a time."""
    with ThreadPoolExecutor(2) as pool:
        for mutant, (noticed, seconds) in zip(chosen, pool.map(tried, chosen), strict=True):
            yield mutant, noticed, seconds


def main(names: Sequence[str]) -> int:
    """The exit code: 1 where one survives."""
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    if failed := unfit(chosen):
        sys.stdout.write(f"This fails on the package as it is: {failed}\n")
        return 2
    survivors = 0
    for mutant, noticed, seconds in trials(chosen):
        survivors += not noticed
        sys.stdout.write(f"{seconds:5.1f} s  {mutant.name}: {mutant.breaks}\n         {noticed or 'SURVIVES'}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(chosen)} mutants, {survivors} survive\n")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
