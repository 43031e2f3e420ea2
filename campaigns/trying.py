"""One test call to yourself, as a campaign would make it: the same protocol, limits and records."""

from pathlib import Path

import anyio

from campaigns.app import Session, is_loopback, open_account, open_session
from campaigns.clock import SystemClock, run_real
from campaigns.domain.contact import Contact, PhoneNumber, parse_phone
from campaigns.domain.errors import InputError
from campaigns.domain.lead import CampaignState, Lead, lead_id
from campaigns.engine.runner import RunEnd
from campaigns.files import Loaded, load_campaign, parse_campaign
from campaigns.loading import check_acted_on
from campaigns.ports.store import NewLead
from campaigns.running import activate, put_campaign, run_simulator, stop_on_signal
from campaigns.settings import Settings
from campaigns.stores.sqlite import dialer_lock
from campaigns.summary import Summary


def place_test_call(number: str, file: Path, settings: Settings) -> Summary:
    """Call `number` once, at any hour, with the campaign's agent and caller id. Raises InputError, StoreError."""
    loaded = load_campaign(file)
    check_acted_on(loaded, loopback=is_loopback(settings, loaded.campaign.provider))
    try:
        phone = PhoneNumber(parse_phone(number, None))
    except ValueError as error:
        raise InputError(f"NUMBER is {error}. Write it with + and country code.") from None
    simulated = loaded.campaign.provider == "simulator"
    clock = SystemClock()

    async def main() -> Summary:
        async with open_session(settings, clock, simulated=simulated) as session:
            with dialer_lock(session.path) as ours:
                if not ours:
                    raise InputError("Another process dials from this database. Stop it, or use another with --db.")
                return await _call(session, _as_test(loaded, session), phone)

    return run_real(main)


def _as_test(loaded: Loaded, session: Session) -> Loaded:
    """The campaign with one attempt at any hour, under a name of its own."""
    stamp = f"{session.clock.now():%Y%m%d-%H%M%S}"
    document = loaded.campaign.model_copy(
        update={
            "campaign": f"{loaded.campaign.campaign[:40]}.test-{stamp}",
            "calling_hours": "24/7",
            "starts": None,
            "ends": None,
            "attempts": loaded.campaign.attempts.model_copy(update={"max": 1}),
        }
    )
    text = document.model_dump_json(exclude_none=True, exclude_defaults=True)
    return parse_campaign(text, name=str(loaded.path))


async def _call(session: Session, loaded: Loaded, phone: PhoneNumber) -> Summary:
    record = await put_campaign(session, loaded)
    terms = session.book.current(record)
    contact = Contact(person=phone.e164, key="test", phones=(phone,), name="test call", zones=("UTC",))
    lead = Lead(lead_id(record.name, "test"), record.name, contact, terms.person_key(contact))
    await session.store.put_leads(
        record.name, [NewLead(lead, (terms.phone_key(phone.e164),), 0)], load=1, now=session.clock.now()
    )
    await activate(session, record)
    end = RunEnd(CampaignState.ACTIVE, "interrupted", interrupted=True)
    async with anyio.create_task_group() as tasks, run_simulator(session, loaded, tasks) as base_url:
        async with open_account(session, record.provider, base_url=base_url) as account:
            with account.runner(session, tasks) as runner:
                tasks.start_soon(account.reconciler.run)
                tasks.start_soon(stop_on_signal, [runner], tasks)
                end = await runner.run(record.name)
                tasks.cancel_scope.cancel()
    return Summary(record.name, end, {}, await session.store.counts(record.name), None)
