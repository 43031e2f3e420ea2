"""The table of moves: attempts only go forward, and every end of an attempt gives its lead one state."""

from dataclasses import replace
from datetime import timedelta
from functools import reduce
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.call import (
    Booked,
    Booking,
    BookingState,
    CallReport,
    Direction,
    Disposition,
    NotSent,
    Placed,
    Refused,
    Unclear,
)
from campaigns.domain.lead import (
    FIRES_WITHIN,
    FREE_STATES,
    Attempt,
    AttemptState,
    Lead,
    LeadState,
    Outcome,
    attempt_id,
    spread,
)
from campaigns.domain.outcomes import opted_out
from campaigns.domain.transitions import (
    FINAL,
    MOVES,
    advance,
    answered_to,
    called_us,
    close,
    conclude,
    ended,
    found,
    latest,
    merge,
    shown,
    unusable,
)
from campaigns.testing import a_campaign, a_contact, instant

S = AttemptState
NOW = instant("2026-11-23T10:00Z")
SENT = NOW - timedelta(minutes=3)
TWO_NUMBERS = replace(a_contact(), phones=(*a_contact().phones, *a_contact(1).phones))


def an_attempt(state: AttemptState = S.PLACED, ordinal: int = 1, **changes: object) -> Attempt:
    plain = Attempt(
        id=attempt_id("lead", ordinal), lead_id="lead", campaign="test", person_key="p", phone="+31200000000",
        phone_key="k", ordinal=ordinal, provider="scripted", state=state, open=state not in FINAL, body=b"",
        callback=False,
        created_at=SENT, send_at=SENT, dial_before=SENT + timedelta(seconds=30), lease_owner="test",
        first_sent_at=None if state is S.INTENT else SENT, call_id="call-1" if state is S.PLACED else None,
        disposition=Disposition.NO_ANSWER if state is S.ENDED else None,
    )  # fmt: skip
    return replace(plain, **changes)


def a_lead(**changes: object) -> Lead:
    return replace(Lead("lead", "test", a_contact(), "p", state=LeadState.CALLING), **changes)


def a_report(disposition: Disposition = Disposition.ANSWERED, **changes: object) -> CallReport:
    plain = CallReport("call-1", disposition=disposition, ended=True, ended_at=NOW, talk_seconds=60.0)
    return replace(plain, **changes)


def settled(lead: Lead, report: CallReport, campaign=None, attempt: Attempt | None = None):
    after = ended(attempt or an_attempt(), report, by="report", now=NOW)
    return conclude(lead, after, campaign or a_campaign(), now=NOW)


# Moves of an attempt


@pytest.mark.parametrize(("start", "to"), [(a, b) for a, b in product(S, S) if b not in MOVES[a]])
def test_a_move_that_the_table_does_not_have_is_refused(start: AttemptState, to: AttemptState) -> None:
    with pytest.raises(ValueError, match=f"from {start} to {to}"):
        advance(an_attempt(start), to)


@pytest.mark.parametrize(("start", "to"), [(a, b) for a in S for b in sorted(MOVES[a])])
def test_a_move_ends_open_only_with_a_final_state(start: AttemptState, to: AttemptState) -> None:
    assert advance(an_attempt(start), to).open is (to not in FINAL)


def test_a_line_that_was_freed_stays_free_when_evidence_comes_late() -> None:
    assert not found(an_attempt(S.UNCERTAIN, open=False), "call-9", by="lookup", now=NOW).open


def test_no_state_after_the_post_leads_back_to_dialling() -> None:
    after_post = {S.SENDING, S.PLACED, S.UNCLEAR, S.UNCERTAIN}
    assert not any({S.INTENT, S.SENDING} & MOVES[state] for state in after_post)


def test_what_is_uncertain_is_never_proved_not_sent() -> None:
    assert S.NOT_SENT not in MOVES[S.UNCLEAR] | MOVES[S.UNCERTAIN] | MOVES[S.PLACED]


@pytest.mark.parametrize(
    ("placement", "state", "costs"),
    [
        (Placed("call-9"), S.PLACED, True),
        (Refused("HTTP 401", account=True), S.REFUSED, False),
        (Refused("HTTP 429", throttled=True), S.REFUSED, False),
        (NotSent("connection refused"), S.NOT_SENT, False),
        (Unclear("HTTP 500"), S.UNCLEAR, True),
    ],
)
def test_each_answer_to_a_dial_gives_one_state(placement, state, costs) -> None:
    after = answered_to(an_attempt(S.SENDING), placement, now=NOW)
    assert (after.state, after.counts) == (state, costs)
    assert after.reason == getattr(placement, "reason", "")


def test_an_unclear_answer_keeps_the_number_and_the_line() -> None:
    after = answered_to(an_attempt(S.SENDING), Unclear("HTTP 502"), now=NOW)
    assert after.open
    assert after.unclear_since == NOW


def test_only_dials_that_are_proved_not_to_have_rung_cost_nothing() -> None:
    assert {S.REFUSED, S.NOT_SENT, S.NOT_CREATED} == FREE_STATES


def test_evidence_places_the_call_at_the_moment_it_was_asked_for() -> None:
    after = found(an_attempt(S.UNCLEAR), "call-9", by="lookup", now=NOW)
    assert (after.state, after.call_id, after.placed_at, after.resolved_by) == (S.PLACED, "call-9", SENT, "lookup")


@pytest.mark.parametrize("state", [S.PLACED, S.UNCLEAR, S.UNCERTAIN, S.ENDED])
def test_a_final_report_ends_whatever_may_have_rung(state: AttemptState) -> None:
    after = ended(an_attempt(state), a_report(Disposition.BUSY), by="sweep", now=NOW)
    assert (after.state, after.disposition, after.open) == (S.ENDED, Disposition.BUSY, False)


def test_a_final_report_that_does_not_say_how_ends_as_unknown() -> None:
    after = ended(an_attempt(), CallReport("call-1", ended=True), by="sweep", now=NOW)
    assert (after.disposition, after.ended_at) == (Disposition.UNKNOWN, NOW)


def test_the_newest_attempt_is_the_one_with_the_highest_number() -> None:
    assert latest([]) is None
    assert latest([an_attempt(ordinal=2), an_attempt(ordinal=10), an_attempt(ordinal=9)]).ordinal == 10


# merge: the same in every order of arrival

words = st.sampled_from(["", "a", "b", "true", "no"])
seconds = st.none() | st.sampled_from([0.0, 1.5, 60.0])
moments = st.none() | st.sampled_from([SENT, NOW])
said = st.none() | st.booleans() | st.sampled_from(["true", "True", "no", "yes", "1", "0", 0, 1, 1.0, "x", [], [1], {}])
news = st.builds(
    CallReport,
    call_id=st.just("call-1"),
    attempt_id=st.none() | st.just("attempt-1"),
    direction=st.just(Direction.OUTBOUND),
    phone=st.none() | st.sampled_from(["+31200000001", "+31200000002"]),
    ended=st.booleans(),
    disposition=st.none() | st.sampled_from(list(Disposition)),
    ended_reason=words,
    talk_seconds=seconds,
    started_at=moments,
    ended_at=moments,
    created_at=moments,
    summary=words,
    transcript=words,
    analysis=st.dictionaries(st.sampled_from(["opt_out", "do_not_call", "x"]), said, max_size=3),
    recording=words,
    cost=seconds,
    message_left=st.booleans(),
    proof=st.sampled_from(["", "token"]),
)


def exact(report: CallReport) -> str:
    """Also what `==` does not tell apart: 1 and true."""
    return repr((report, report.phone, report.summary, report.transcript, report.analysis, report.recording))


@given(news, news)
def test_two_pieces_of_news_give_the_same_in_both_orders(one: CallReport, other: CallReport) -> None:
    assert exact(merge(one, other)) == exact(merge(other, one))


@given(news)
def test_news_told_twice_changes_nothing(one: CallReport) -> None:
    once = merge(None, one)
    assert merge(once, one) == once == merge(merge(once, one), one)


@given(st.lists(news, min_size=3, max_size=4))
def test_any_number_of_pieces_gives_the_same_in_every_order(pieces: list[CallReport]) -> None:
    assert len({exact(reduce(merge, order)) for order in permutations(pieces)}) == 1


@given(news, news, news)
def test_grouping_of_news_does_not_matter(a: CallReport, b: CallReport, c: CallReport) -> None:
    assert exact(merge(merge(a, b), c)) == exact(merge(a, merge(b, c)))


@given(news, news)
def test_an_opt_out_is_never_lost_in_a_merge(one: CallReport, other: CallReport) -> None:
    assert opted_out(merge(one, other)) is (opted_out(one) or opted_out(other))


@given(news, news)
def test_what_is_known_is_never_forgotten(one: CallReport, other: CallReport) -> None:
    both = merge(one, other)
    assert both.ended == (one.ended or other.ended)
    assert (both.disposition is None) == (one.disposition is None and other.disposition is None)
    assert {key for key, value in both.analysis.items() if value is not None} == {
        key for report in (one, other) for key, value in report.analysis.items() if value is not None
    }


@pytest.mark.parametrize("other", [word for word in Disposition if word is not Disposition.UNKNOWN])
def test_unknown_gives_way_to_every_other_disposition(other: Disposition) -> None:
    assert merge(a_report(Disposition.UNKNOWN), a_report(other)).disposition is other


# conclude: what follows for the lead

campaigns = st.builds(
    lambda policy, rules: a_campaign(attempts={"uncertain": policy}, outcomes=rules),
    st.sampled_from(["hold", "as_attempt", "drop"]),
    st.lists(
        st.sampled_from(
            [
                {"when": "report.analysis.x == 1", "outcome": "refused"},
                {"when": "report.talk_seconds < 2.0", "retry": "1h"},
                {"when": "report.analysis.x == 'x'", "callback": "report.analysis.x"},
                {"when": "report.talk_seconds > 'a'", "outcome": "reached"},
            ]
        ),
        max_size=3,
    ),
)
leads = st.builds(
    lambda state, outcome, callbacks, promised: a_lead(
        state=LeadState.CLOSED if outcome else state,
        outcome=outcome,
        closed_at=NOW if outcome else None,
        callbacks=callbacks,
        promised_by=promised if callbacks else 0,
    ),
    st.sampled_from([LeadState.CALLING, LeadState.HELD, LeadState.WAITING]),
    st.none() | st.sampled_from(list(Outcome)),
    st.integers(0, 2),
    st.integers(0, 2),
)


@given(leads, st.sampled_from(list(S)), news, campaigns)
def test_every_state_of_an_attempt_gives_a_lead_that_the_database_takes(lead, state, report, campaign) -> None:
    attempt = an_attempt(state)
    if state is S.ENDED:
        attempt = ended(attempt, report, by="report", now=NOW)
    after = conclude(lead, attempt, campaign, now=NOW).lead
    assert (after.state is LeadState.CLOSED) == (after.outcome is not None) == (after.closed_at is not None)
    assert after.callbacks >= 0
    assert after.contact == lead.contact


@given(leads, st.lists(news, min_size=1, max_size=3), campaigns)
def test_hearing_more_of_one_attempt_ends_like_hearing_all_at_once(lead, pieces, campaign) -> None:
    attempt, told, lead_told = an_attempt(S.PLACED), None, lead
    for piece in pieces:
        told = merge(told, replace(piece, ended=True))
        attempt = ended(attempt, told, by="report", now=NOW)
        lead_told = conclude(lead_told, attempt, campaign, now=NOW).lead
    at_once = conclude(lead, ended(an_attempt(), told, by="report", now=NOW), campaign, now=NOW).lead
    if not opted_out(told):
        same = ("state", "outcome", "callbacks", "promised_by", "callback_at", "retry_at", "label")
        assert [getattr(lead_told, name) for name in same] == [getattr(at_once, name) for name in same]


@pytest.mark.parametrize("state", [S.INTENT, S.SENDING, S.PLACED, S.UNCLEAR])
def test_while_an_attempt_may_be_open_the_lead_is_calling(state: AttemptState) -> None:
    assert conclude(a_lead(), an_attempt(state), a_campaign(), now=NOW).lead.state is LeadState.CALLING


@pytest.mark.parametrize("state", sorted(FREE_STATES))
def test_a_dial_that_never_was_lets_the_lead_wait_again(state: AttemptState) -> None:
    lead = conclude(a_lead(callback_at=NOW), an_attempt(state, reason="why"), a_campaign(), now=NOW).lead
    assert (lead.state, lead.reason, lead.due_at, lead.callback_at) == (LeadState.WAITING, "why", None, NOW)


@pytest.mark.parametrize(
    ("policy", "state", "outcome"),
    [
        ("hold", LeadState.HELD, None),
        ("as_attempt", LeadState.CALLING, None),
        ("drop", LeadState.CLOSED, Outcome.STOPPED),
    ],
)
def test_a_doubt_follows_the_policy_of_the_file(policy: str, state: LeadState, outcome: Outcome | None) -> None:
    campaign = a_campaign(attempts={"uncertain": policy})
    lead = conclude(a_lead(), an_attempt(S.UNCERTAIN), campaign, now=NOW).lead
    assert (lead.state, lead.outcome) == (state, outcome)


def test_a_dropped_lead_is_not_called_again_when_its_call_is_found_after_all() -> None:
    campaign = a_campaign(attempts={"uncertain": "drop"})
    dropped = conclude(a_lead(), an_attempt(S.UNCERTAIN), campaign, now=NOW).lead
    assert conclude(dropped, an_attempt(S.PLACED), campaign, now=NOW).lead == dropped
    assert settled(dropped, a_report(Disposition.BUSY), campaign).lead.outcome is Outcome.STOPPED
    assert settled(dropped, a_report(Disposition.ANSWERED), campaign).lead.outcome is Outcome.REACHED


def test_later_news_that_changes_no_outcome_leaves_it_as_old_as_it_was() -> None:
    first = settled(a_lead(), a_report()).lead
    later, told = (
        NOW + timedelta(minutes=1),
        an_attempt(S.ENDED, report=a_report(summary="Said yes."), disposition=Disposition.ANSWERED),
    )
    assert conclude(first, told, a_campaign(), now=later).lead.closed_at == NOW
    labelled = a_campaign(outcomes=[{"when": "true", "outcome": "reached", "label": "yes"}])
    assert conclude(first, told, labelled, now=later).lead.closed_at == later


@pytest.mark.parametrize("state", [state for state in S if state is not S.ENDED])
def test_an_opt_out_stays_whatever_comes_later(state: AttemptState) -> None:
    out = close(a_lead(), Outcome.DO_NOT_CALL, reason="opt-out", now=NOW)
    assert conclude(out, an_attempt(state), a_campaign(), now=NOW).lead == out


def test_an_answered_call_that_no_rule_decides_is_reached() -> None:
    assert settled(a_lead(), a_report()).lead.outcome is Outcome.REACHED


@pytest.mark.parametrize("disposition", [word for word in Disposition if word is not Disposition.ANSWERED])
def test_any_other_end_is_planned_anew(disposition: Disposition) -> None:
    lead = settled(a_lead(contact=TWO_NUMBERS, rule="stale", due_at=NOW), a_report(disposition)).lead
    assert (lead.state, lead.outcome, lead.due_at) == (LeadState.WAITING, None, None)
    assert (lead.reason, lead.rule) == (str(disposition), "")


def test_who_has_no_other_number_than_the_bad_one_is_closed_at_once() -> None:
    lead = settled(a_lead(), a_report(Disposition.BAD_NUMBER)).lead
    assert (lead.outcome, lead.rule, lead.closed_at) == (Outcome.BAD_NUMBER, "contacts", NOW)
    better = settled(lead, a_report()).lead
    assert better.outcome is Outcome.REACHED


@pytest.mark.parametrize("analysis", [{"opt_out": True}, {"do_not_call": "yes"}, {"opt_out": 1}, {"opt_out": "TRUE"}])
def test_who_opts_out_is_closed_and_joins_the_suppression_list(analysis) -> None:
    conclusion = settled(a_lead(), a_report(analysis=analysis))
    assert conclusion.opted_out
    assert conclusion.lead.outcome is Outcome.DO_NOT_CALL


def test_a_rule_that_says_do_not_call_is_an_opt_out_too() -> None:
    campaign = a_campaign(outcomes=[{"when": "report.analysis.angry == true", "outcome": "do_not_call"}])
    assert settled(a_lead(), a_report(analysis={"angry": True}), campaign).opted_out


def test_a_retry_by_rule_counts_from_the_end_of_the_call() -> None:
    campaign = a_campaign(outcomes=[{"when": "report.talk_seconds < 8.0", "retry": "2h"}])
    lead = settled(a_lead(), a_report(talk_seconds=3.0), campaign).lead
    assert (lead.state, lead.retry_at) == (LeadState.WAITING, NOW + timedelta(hours=2))


CALLBACK = [{"when": 'report.analysis.back != ""', "callback": "report.analysis.back", "label": "later"}]


def test_a_callback_promises_one_attempt_more_however_often_it_is_told() -> None:
    campaign = a_campaign(outcomes=CALLBACK)
    lead, attempt = a_lead(), an_attempt()
    for summary in ("", "a", "b"):
        report = a_report(analysis={"back": "2026-11-24T09:00Z"}, summary=summary)
        attempt = ended(attempt, report, by="report", now=NOW)
        lead = conclude(lead, attempt, campaign, now=NOW).lead
    assert (lead.callbacks, lead.promised_by, lead.label) == (1, 1, "later")
    assert lead.callback_at == instant("2026-11-24T09:00Z")


def test_a_promise_that_better_news_takes_back_gives_no_attempt_more() -> None:
    campaign = a_campaign(outcomes=[{"when": "report.analysis.done == true", "outcome": "refused"}, *CALLBACK])
    first = settled(a_lead(), a_report(analysis={"back": "2h"}), campaign).lead
    lead = settled(first, a_report(analysis={"back": "2h", "done": True}), campaign).lead
    assert (lead.outcome, lead.callbacks, lead.callback_at) == (Outcome.REFUSED, 0, None)


def test_the_callback_attempt_itself_uses_the_promise_up() -> None:
    promised = a_lead(callback_at=NOW, callbacks=1, promised_by=1)
    lead = settled(promised, a_report(Disposition.NO_ANSWER), attempt=an_attempt(ordinal=2, callback=True)).lead
    assert (lead.callback_at, lead.callbacks, lead.promised_by) == (None, 1, 1)


@pytest.mark.parametrize("value", ["soon", "", "next tuesday", 7, True, "2026-13-40", "9999-12-31T23:59:59Z"])
def test_a_callback_that_is_no_time_is_a_warning_and_the_retry_of_unknown(value: object) -> None:
    campaign = a_campaign(outcomes=[{"when": "has(report.analysis.back)", "callback": "report.analysis.back"}])
    lead = settled(a_lead(), a_report(analysis={"back": value}), campaign).lead
    assert (lead.callback_at, lead.callbacks, lead.retry_like) == (None, 0, Disposition.UNKNOWN)
    assert "not a time" in lead.warning


def test_a_lead_whose_data_is_refused_is_blocked_with_the_providers_word() -> None:
    lead = unusable(a_lead(), an_attempt(S.REFUSED, reason="HTTP 422 no such voice"), now=NOW)
    assert lead.outcome is Outcome.BLOCKED
    assert "no such voice" in lead.reason


# People who call us


def test_who_calls_us_waits_the_gap() -> None:
    lead = called_us(a_lead(state=LeadState.READY), a_report(), a_campaign(), ordinal=1, now=NOW).lead
    assert (lead.state, lead.inbound_at, lead.reason) == (LeadState.WAITING, NOW, "called us")


def test_who_calls_us_while_a_callback_is_promised_is_not_rung_right_after() -> None:
    promised = a_lead(callback_at=NOW + timedelta(minutes=5), callbacks=1)
    lead = called_us(promised, a_report(), a_campaign(), ordinal=2, now=NOW).lead
    assert lead.callback_at == NOW + timedelta(hours=2)


def test_who_calls_us_and_asks_for_a_time_is_called_then() -> None:
    campaign = a_campaign(outcomes=CALLBACK)
    for promised, callbacks in ((a_lead(), 1), (a_lead(callback_at=NOW, callbacks=1), 1)):
        report = a_report(analysis={"back": "30m"})
        lead = called_us(promised, report, campaign, ordinal=2, now=NOW).lead
        assert (lead.callback_at, lead.callbacks) == (NOW + timedelta(minutes=30), callbacks)


def test_who_calls_us_may_be_settled_by_the_files_own_rules() -> None:
    campaign = a_campaign(outcomes=[{"when": "report.analysis.ok == true", "outcome": "reached", "label": "ok"}])
    conclusion = called_us(a_lead(), a_report(analysis={"ok": True}), campaign, ordinal=1, now=NOW)
    assert (conclusion.lead.outcome, conclusion.lead.label) == (Outcome.REACHED, "ok")


def test_who_calls_us_to_opt_out_is_never_called() -> None:
    conclusion = called_us(a_lead(), a_report(analysis={"opt_out": "ja"}), a_campaign(), ordinal=1, now=NOW)
    assert conclusion.opted_out
    assert conclusion.lead.outcome is Outcome.DO_NOT_CALL


def test_an_inbound_call_that_goes_on_only_makes_them_wait() -> None:
    live = CallReport("call-1", direction=Direction.INBOUND, analysis={"opt_out": True})
    assert called_us(a_lead(), live, a_campaign(), ordinal=1, now=NOW).lead.state is LeadState.WAITING


# Names and spread


@given(st.text(max_size=20))
def test_spread_is_a_fraction_that_depends_on_the_name_alone(name: str) -> None:
    assert 0 <= spread(name) == spread(name) < 1


def test_spread_is_even() -> None:
    shares = [spread(f"lead-{n}") for n in range(2_000)]
    assert all(150 < sum(low <= share < low + 0.1 for share in shares) < 250 for low in (x / 10 for x in range(10)))


def test_ids_name_what_they_are_of() -> None:
    assert len({attempt_id(lead, ordinal) for lead in "abc" for ordinal in range(1, 5)}) == 12


# Bookings

AT = NOW + timedelta(minutes=20)
B = BookingState


def a_booking(state: BookingState = B.WAITING, **changes: object) -> Booking:
    return replace(Booking("booking-1", state, None, "+31200000000", AT), **changes)


def test_an_accepted_booking_is_held_by_the_provider_and_keeps_its_number() -> None:
    after = answered_to(an_attempt(S.SENDING, fires_at=AT), Booked("booking-1"), now=NOW)
    assert (after.state, after.booking_id, after.open, after.counts) == (S.BOOKED, "booking-1", True, True)


@pytest.mark.parametrize("state", [B.FIRING, B.DONE, B.FAILED, B.CANCELLED, B.UNKNOWN, B.WAITING])
@pytest.mark.parametrize("before", [S.BOOKED, S.UNCLEAR, S.UNCERTAIN])
def test_a_booking_that_names_its_call_is_placed_at_its_moment(before: AttemptState, state: BookingState) -> None:
    fires_at = NOW - timedelta(minutes=1)
    attempt = an_attempt(before, fires_at=fires_at)
    after = shown(attempt, a_booking(state, call_id="call-9"), by="lookup", now=NOW)
    assert (after.state, after.call_id, after.placed_at) == (S.PLACED, "call-9", fires_at)


@pytest.mark.parametrize("state", [B.CANCELLED, B.FAILED])
@pytest.mark.parametrize("before", [S.BOOKED, S.UNCLEAR, S.UNCERTAIN])
def test_a_booking_that_is_over_without_a_call_rang_nobody_and_costs_nothing(
    before: AttemptState, state: BookingState
) -> None:
    after = shown(an_attempt(before, fires_at=AT), a_booking(state), by="lookup", now=NOW)
    assert (after.state, after.counts, after.open) == (S.NOT_CREATED, False, False)
    assert conclude(a_lead(), after, a_campaign(), now=NOW).lead.state is LeadState.WAITING


@pytest.mark.parametrize("state", [B.WAITING, B.FIRING, B.DONE])
def test_a_doubt_whose_booking_is_found_is_booked(state: BookingState) -> None:
    after = shown(an_attempt(S.UNCLEAR, fires_at=AT), a_booking(state), by="lookup", now=NOW)
    assert (after.state, after.booking_id) == (S.BOOKED, "booking-1")


def test_a_booking_of_which_nothing_new_is_shown_stays_as_it_is() -> None:
    assert shown(an_attempt(S.BOOKED, fires_at=AT), a_booking(B.DONE), by="lookup", now=NOW) is None
    assert shown(an_attempt(S.UNCLEAR, fires_at=AT), a_booking(B.UNKNOWN), by="lookup", now=NOW) is None


def test_a_booking_may_ring_from_its_moment_until_the_longest_call_and_the_providers_delay_are_over() -> None:
    hour = timedelta(hours=1)
    attempt = an_attempt(S.BOOKED, fires_at=AT)
    assert attempt.rings_from == AT
    assert attempt.silent_at(hour) == AT + FIRES_WITHIN + hour
    assert an_attempt(S.PLACED).silent_at(hour) == SENT + hour
