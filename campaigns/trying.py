"""One test call to yourself, as a campaign would make it: the same protocol, limits and records."""

from pathlib import Path

import anyio

from campaigns.app import Session, check_runnable, is_simulated, open_account, open_session
from campaigns.clock import DiscreteClock, SystemClock, real_now, run_real, run_virtual
from campaigns.domain.campaign import LegalHours
from campaigns.domain.contact import Contact, PhoneNumber, parse_phone
from campaigns.domain.errors import InputError
from campaigns.domain.lead import CampaignState, Lead, lead_id
from campaigns.editing import put_campaign
from campaigns.engine.callers import Callers
from campaigns.engine.runner import RunEnd
from campaigns.files import Loaded, load_campaign, parse_campaign
from campaigns.ports.store import NewLead
from campaigns.running import activate, prepare_simulator, stop_on_signal
from campaigns.settings import Settings
from campaigns.summary import Summary


def place_test_call(number: str, file: Path, settings: Settings) -> Summary:
    """Call `number` once, at any hour, with the campaign's agent and caller id. Raises InputError, StoreError."""
    loaded = load_campaign(file)
    check_runnable(loaded, settings)
    try:
        phone = PhoneNumber(parse_phone(number, None))
    except ValueError as error:
        raise InputError(f"NUMBER: {error}. Write it with + and the country code, such as +442079460123.") from None
    simulated = is_simulated(settings, loaded.campaign.provider)
    virtual = DiscreteClock(real_now()) if simulated else None
    clock = virtual or SystemClock()

    async def main() -> Summary:
        async with (
            open_session(settings, clock, simulated=simulated, role="call") as session,
            session.database.dialing(clock=clock, simulated=simulated) as ours,
        ):
            if not ours:
                raise InputError("Another process dials from this database. Stop it, or use another with --db.")
            return await _call(session, _as_test(loaded), phone, purse=loaded.campaign.campaign)

    return run_virtual(virtual, main) if virtual else run_real(main)


def _as_test(loaded: Loaded) -> Loaded:
    """The campaign with one attempt at any hour, under a name of its own; lines, numbers and budget stay shared."""
    stamp = f"{real_now():%Y%m%d-%H%M%S-%f}"
    campaign = loaded.campaign
    document = campaign.model_copy(
        update={
            "campaign": f"{campaign.campaign[:35]}.test-{stamp}",
            "calling_hours": "24/7",
            "dialing": "direct",
            "starts": None,
            "ends": None,
            # Nobody but the person at the keyboard is called, who asked for it.
            "legal_hours": LegalHours(off=campaign.legal_hours.off or "a test call to one's own number"),
            "outcomes": [],  # a rule may promise a call back, which nobody would wait for here
            "write_back": False,  # nobody's outcome
            "priority": 1,  # whoever tests waits for a line, not for a night's list
            "attempts": campaign.attempts.model_copy(update={"max": 1}),
        }
    )
    text = document.model_dump_json(exclude_none=True, exclude_defaults=True)
    return parse_campaign(text, name=str(loaded.path))


async def _call(session: Session, loaded: Loaded, phone: PhoneNumber, *, purse: str) -> Summary:
    prepare_simulator(session, loaded)
    if session.simulated:
        await session.store.forget_account(loaded.campaign.provider)
    record = await put_campaign(session, loaded, purse=purse)
    terms = session.book.current(record)
    contact = Contact(person=phone.e164, key="test", phones=(phone,), name="test call", zones=("UTC",))
    lead = Lead(lead_id(record.name, "test"), record.name, contact, terms.person_key(contact))
    leads = [NewLead(lead, (terms.phone_key(phone.e164),), 0)]
    merged = await session.store.put_leads(record.name, leads, load=1, now=session.clock.now())
    if merged.suppressed:
        raise InputError("NUMBER: is on the do-not-call list. `campaigns suppress remove` takes it off.")
    if not (await Callers.today(session.store, terms, now=session.clock.now())).left:
        raise InputError("Every number of caller_ids has made its calls of the day. Try tomorrow, or raise per_day.")
    await activate(session, record)
    end = RunEnd(CampaignState.ACTIVE, "interrupted", interrupted=True)
    async with (
        anyio.create_task_group() as tasks,
        open_account(session, record.provider) as account,
    ):
        with account.runner(session, tasks) as runner:
            tasks.start_soon(account.reconciler.run)
            tasks.start_soon(stop_on_signal, [runner], tasks)
            end = await runner.run(record.name)
            tasks.cancel_scope.cancel()
    return Summary(record.name, end, {}, await session.store.counts(record.name), None)
