"""Our provider against a stand-in written from the vendor's notes alone: odd but legal answers, faults, forgeries."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from foreign.calls import Course
from foreign.hmsovereign import ASSISTANT_ID, NUMBER, NUMBER_ID, HmsSovereign, Rules
from foreign.mailbox import Mailbox
from foreign.standin import Habits
from foreign.wire import serving

from campaigns.clock import SystemClock
from campaigns.domain.call import CallOrder, Disposition, Grade, Placed, Refused, Unclear, Webhook
from campaigns.domain.errors import ProofError
from campaigns.ports.health import Needs
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.hmsovereign import HMSovereign
from campaigns.vendors.hmsovereign.provider import HMSovereignProvider

TOKEN, SECRET = "t0ken-" + "x" * 26, "whsec-made-up"
D = Disposition
FATES = Course(
    ring=(0.02, 0.05), talk=(0.6, 0.9),
    fates={"1": ("no_answer",), "2": ("busy",), "3": ("voicemail",), "4": ("failed",), "5": ("broke",)},
    said={"6": {"confirmed": True}},
)  # fmt: skip
EXPECTED = {"1": D.NO_ANSWER, "2": D.BUSY, "3": D.VOICEMAIL, "4": D.FAILED, "5": D.ANSWERED}
PEOPLE = [f"+4420794600{number}" for number in range(20, 30)]
ODD = Habits(seed=5, odd=0.6, other=0.5)


def provider_of(url: str, webhooks: str | None = None) -> HMSovereignProvider:
    account = VendorAccount("hms", f"{url}/api/v1", "foreign-key", TOKEN, SECRET)
    return HMSovereignProvider(account, Surroundings(SystemClock(), patient=False, webhooks=webhooks))


def order(phone: str, attempt: str = "a1") -> CallOrder:
    return CallOrder(attempt, phone, ASSISTANT_ID, NUMBER_ID, {"name": "Zoë"})


async def until(true: Callable[[], bool]) -> None:
    with anyio.fail_after(10):
        while not true():
            await anyio.sleep(0.02)


async def test_calls_are_placed_listed_and_told_of_as_they_truly_were() -> None:
    vendor, box = HmsSovereign(ODD, Rules(webhook_secret=SECRET, casing="mixed", forge=0.3), FATES), Mailbox()
    vendor.rows["assistants"][ASSISTANT_ID]["webhook_secret"] = SECRET
    with serving(vendor) as url, serving(box) as listener:
        provider = provider_of(url, f"{listener}/webhooks/hms")
        await provider.prepare([NUMBER])
        ids = {}
        for phone in PEOPLE:
            placement = await provider.place(provider.encode(order(phone, f"at-{phone[-2:]}")), attempt_id="a")
            assert isinstance(placement, Placed)
            ids[placement.call_id] = phone
        answered = [call for call in vendor.calls if call.answered]
        await until(lambda: len([one for one in vendor.sent if not one.forged]) >= 3 * len(answered) - 1)
        await until(lambda: all(call.phase() == "over" for call in vendor.calls))
        page = await provider.page(since=datetime.now(UTC) - timedelta(minutes=5), offset=0, limit=100)
        assert {report.call_id: report.phone for report in page.reports} == ids
        for report in page.reports:
            assert report.disposition is EXPECTED.get((report.phone or "")[-1], D.ANSWERED)
            again = await provider.fetch(report.call_id)
            assert again is not None
            assert (again.disposition, again.ended_at) == (report.disposition, report.ended_at)
        assert any(report.analysis == {"confirmed": True} for report in page.reports)
        await provider.aclose()
    _told(provider, box, ids)


def _told(provider: HMSovereignProvider, box: Mailbox, ids: dict[str, str]) -> None:
    """What is signed is believed, the lies are not; the attempt stands in the address, which the mailbox forgets."""
    believed = lies = 0
    for headers, body in box.letters:
        try:
            notice = provider.read(Webhook(TOKEN, headers, body), now=datetime.now(UTC))
        except ProofError:
            lies += 1
            continue
        believed += 1
        assert notice.grade is Grade.BODY
        assert notice.report is not None
        assert notice.report.phone == ids[notice.report.call_id]
        assert "opt_out" not in notice.report.analysis
    assert believed
    assert lies


@pytest.mark.parametrize(
    ("habits", "rules", "outcome", "rings"),
    [
        (Habits(fail_after=1.0), Rules(), Unclear, 1), (Habits(cut_after=1.0), Rules(), Unclear, 1),
        (Habits(fail_before=1.0), Rules(), Unclear, 0), (Habits(cut_before=1.0), Rules(), Unclear, 0),
        (Habits(throttle=1.0, retry_after=("date",)), Rules(), Refused, 0), (Habits(), Rules(credits=0), Refused, 0),
        (Habits(), Rules(unsuccessful=1.0), Unclear, 0), (Habits(), Rules(refused={"0": 422}), Refused, 0),
        (Habits(strings=1.0), Rules(), Placed, 1),
    ],
)  # fmt: skip
async def test_a_dial_rings_once_at_most_and_its_answer_is_judged(
    habits: Habits, rules: Rules, outcome: type, rings: int
) -> None:
    vendor = HmsSovereign(habits, rules, FATES)
    with serving(vendor) as url:
        provider = provider_of(url)
        placement = await provider.place(provider.encode(order(PEOPLE[0])), attempt_id="a")
        assert isinstance(placement, outcome)
        assert vendor.dialled(PEOPLE[0]) == rings
        await provider.aclose()


async def test_numbers_that_were_forgotten_and_numbers_as_strings_break_nothing() -> None:
    vendor = HmsSovereign(Habits(strings=1.0), Rules(forgets_phones=True), FATES)
    with serving(vendor) as url:
        provider = provider_of(url)
        placement = await provider.place(provider.encode(order(PEOPLE[0])), attempt_id="a")
        assert isinstance(placement, Placed)
        await until(lambda: vendor.calls[0].phase() == "over")
        report = await provider.fetch(placement.call_id)
        assert report is not None
        assert (report.phone, report.disposition) == (None, D.ANSWERED)
        await provider.aclose()


async def test_a_healthy_account_is_found_so() -> None:
    vendor = HmsSovereign(ODD, course=FATES)
    vendor.rows["assistants"][ASSISTANT_ID]["webhook_secret"] = SECRET
    with serving(vendor) as url:
        provider = provider_of(url, "https://host.example/webhooks/hms")
        findings = await provider.health(Needs(frozenset({ASSISTANT_ID}), (NUMBER,), 5, 20, reports_come=True))
        assert not [finding for finding in findings if finding.ok is False]
        await provider.aclose()


async def test_the_client_alone_waits_out_storms_and_reads_both_shapes() -> None:
    vendor = HmsSovereign(Habits(seed=2, odd=0.5, other=0.5, throttle=0.2, fail_before=0.1, retry_after=("seconds",)))
    with serving(vendor) as url:
        async with HMSovereign("foreign-key", base_url=f"{url}/api/v1") as client:

            async def thrice(ask: Callable[[], Awaitable[Any]]) -> list[Any]:
                return [await ask() for _ in range(3)]

            assert {one.minutes_balance for one in await thrice(client.get_organization)} == {1000}
            assert {number.phone_number for one in await thrice(client.list_numbers) for number in one} == {NUMBER}
            made = await client.create_campaign(
                "X", agent_id=ASSISTANT_ID, starts="09:00:00", ends="17:00:00", timezone="Europe/London",
                leads=[{"phone_number": PEOPLE[0]}],
            )  # fmt: skip
            lead = await client.add_lead(made.id, {"phone_number": PEOPLE[1]})
            assert [one.phone_number for one in await client.list_leads(made.id)] == PEOPLE[:2]
            await client.remove_lead(made.id, lead.id)
            await client.delete_campaign(made.id)
            assert await client.list_campaigns() == []
