"""A campaign from an upload: loaded by the same code as from a folder; nothing else on this machine is read for it."""

import os
from pathlib import Path

import pytest

from campaigns.app import open_session
from campaigns.clock import SystemClock, run_real
from campaigns.desk import starting
from campaigns.desk.acts import Upload
from campaigns.desk.desk import Desk
from campaigns.domain.errors import Forbidden, InputError
from campaigns.domain.lead import CampaignState
from campaigns.ports.pages import LeadFilter
from campaigns.settings import read_settings

from .conftest import OPERATOR, READER

DOCUMENT = """\
campaign: uploaded
purpose: informational
provider: mine
agent: "7"
contacts: [{file: people.csv, columns: {phone: Phone, id: Id}}]
calling_hours: "24/7"
legal_hours: {off: "made-up people"}
timezone: Europe/London
"""
PEOPLE = b"Id,Phone\n1,+442079460001\n2,+442079460002\n3,rubbish\n"
SETTINGS = '[providers.mine]\nkind = "flireo"\nbase_url = "http://127.0.0.1:9"\napi_key = "k"\n'


@pytest.fixture
def with_desk():
    """Runs `act(desk)` on a live database in this folder, whose provider answers nobody."""
    Path("campaigns.toml").write_text(SETTINGS)

    def run(act):
        async def main():
            settings = read_settings(None, environ=os.environ)
            async with open_session(settings, SystemClock(), simulated=False) as session:
                return await act(Desk(session))

        try:
            return run_real(main)
        except BaseExceptionGroup as group:
            raise _first_of(group) from None

    return run


def _first_of(error):
    return _first_of(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


def upload(document=DOCUMENT, **files):
    return Upload(document, {"people.csv": PEOPLE} | files)


def test_an_upload_becomes_a_campaign_with_its_leads_and_waits_to_be_started(with_desk):
    async def act(desk):
        done = await desk.acts.load(upload(), by=OPERATOR)
        assert (done.campaign, done.state) == ("uploaded", CampaignState.PAUSED)
        assert (done.contacts["read"], done.contacts["new"], done.contacts["invalid"]) == (3, 2, 1)
        assert done.notes, "nobody answered for the account"
        record = await desk.session.store.campaign("uploaded")
        assert record.folder == str(Path("campaigns.uploads/uploaded").resolve())
        assert len(await desk.session.store.leads_after("uploaded", LeadFilter(), after=0, limit=1000)) == 2

    with_desk(act)
    assert {file.name for file in Path("campaigns.uploads/uploaded").iterdir()} == {"campaign.yaml", "people.csv"}
    assert [each.name for each in Path("campaigns.uploads").iterdir()] == ["uploaded"], "nothing is left beside it"
    assert Path("campaigns.uploads").stat().st_mode & 0o077 == 0, "for nobody else's eyes"


def test_start_lets_the_worker_dial_and_says_who_said_so(with_desk):
    async def act(desk):
        assert (await desk.acts.load(upload(), by=OPERATOR, start=True)).state == "active"

    with_desk(act)

    async def journal(desk):
        async def verb(db):
            return [(row["attempt_id"], row["why"]) for row in await db.rows("SELECT * FROM journal WHERE why <> ''")]

        return await desk.session.store._database.read(verb)

    assert with_desk(journal) == [("campaign:uploaded", "by anna")]


def test_the_same_name_again_edits_and_says_what_is_different(with_desk):
    async def act(desk):
        await desk.acts.load(upload(), by=OPERATOR)
        changed = upload(DOCUMENT.replace("24/7", "Mo-Fr 09:00-17:00"), **{"people.csv": PEOPLE + b"4,+442079460004\n"})
        dry = await desk.acts.load(changed, by=OPERATOR, dry=True)
        assert dry.changes[0] == ("changed", "calling_hours: 24/7 -> Mo-Fr 09:00-17:00")
        held = await desk.session.store.leads_after("uploaded", LeadFilter(), after=0, limit=1000)
        assert len(held) == 2, "only said"
        done = await desk.acts.load(changed, by=OPERATOR)
        assert done.changes == dry.changes
        assert done.contacts["new"] == 1

    with_desk(act)


def test_what_a_dry_run_looked_at_leaves_nothing_behind(with_desk):
    async def act(desk):
        await desk.acts.load(upload(), by=OPERATOR, dry=True)
        assert await desk.session.store.campaigns() == []

    with_desk(act)
    assert list(Path("campaigns.uploads").iterdir()) == []


def test_lists_that_come_no_more_are_gone_and_outcomes_stay(with_desk):
    both = DOCUMENT.replace("contacts: [", "contacts: [{file: more.csv, columns: {phone: Phone, id: Id}}, ")

    async def act(desk):
        await desk.acts.load(upload(both, **{"more.csv": b"Id,Phone\n9,+442079460009\n"}), by=OPERATOR)
        Path("campaigns.uploads/uploaded/people.outcomes.csv").write_text("kept")
        await desk.acts.load(upload(), by=OPERATOR)

    with_desk(act)
    assert {file.name for file in Path("campaigns.uploads/uploaded").iterdir()} == {
        "campaign.yaml", "people.csv", "people.outcomes.csv",
    }  # fmt: skip


@pytest.mark.parametrize(
    "file", ["/etc/passwd", "../people.csv", "sub/people.csv", "missing.csv", "..", "people.csv\x00", "C:\\people.csv"]
)
def test_no_upload_reads_or_writes_what_did_not_come_with_it(with_desk, file):
    Path("people.csv").write_bytes(PEOPLE)
    document = DOCUMENT.replace("people.csv", file.replace("\x00", "").replace("\\", "\\\\"))

    async def named(desk):
        await desk.acts.load(Upload(document, {}), by=OPERATOR)

    async def sent(desk):
        await desk.acts.load(Upload(DOCUMENT, {"people.csv": PEOPLE, file: b"x"}), by=OPERATOR)

    with pytest.raises(InputError, match="did not come with it"):
        with_desk(named)
    if file != "missing.csv":
        with pytest.raises(InputError, match="no plain name"):
            with_desk(sent)
    assert list(Path("campaigns.uploads").iterdir()) == []


def test_what_is_wrong_is_told_by_the_names_that_were_sent(with_desk):
    async def act(desk):
        await desk.acts.load(upload(DOCUMENT.replace("phone: Phone", "phone: Mobile")), by=OPERATOR)

    with pytest.raises(InputError) as caught:
        with_desk(act)
    assert "campaign.yaml:5: contacts[0]" in str(caught.value)
    assert ".new-" not in str(caught.value)
    assert str(Path.cwd()) not in str(caught.value)


def test_neither_readers_nor_simulated_campaigns_nor_floods_are_let_in(with_desk, monkeypatch):
    async def reader(desk):
        await desk.acts.load(upload(), by=READER)

    async def simulated(desk):
        await desk.acts.load(upload(DOCUMENT.replace("provider: mine\n", "")), by=OPERATOR)

    async def flood(desk):
        await desk.acts.load(upload(), by=OPERATOR)

    with pytest.raises(Forbidden):
        with_desk(reader)
    with pytest.raises(InputError, match="campaigns run campaign"):
        with_desk(simulated)
    monkeypatch.setattr(starting, "MOST", 10)
    with pytest.raises(InputError, match="larger than"):
        with_desk(flood)
