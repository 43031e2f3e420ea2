"""The command line in this process, and folders to use it in."""

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.cli.main import run
from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Disposition, Unclear
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import KEY, a_campaign, a_night, an_account, instant

CAMPAIGN = """\
campaign: small
purpose: informational
contacts:
  - file: people.csv
    region: GB
    columns: {phone: Mobile, name: Name, id: Id}
calling_hours: "Mo-Fr 09:00-12:30,13:30-17:30"
timezone: Europe/London
starts: 2026-11-23
ends: 2026-11-27
attempts: {max: 2, gap: 1h, retry: {no_answer: 2h, busy: 1h, voicemail: next_day}}
"""
PEOPLE = "Id,Name,Mobile\n" + "".join(f"{n},Person {n},020 7946 {n:04}\n" for n in range(1, 7))
AFTER_A_NIGHT = """\
campaign: doubtful
purpose: informational
calling_hours: "24/7"
legal_hours: {off: "made-up people"}
timezone: Europe/Amsterdam
contacts: [{file: people.csv, columns: {phone: Mobile, id: Id}}]
attempts: {retry: {unknown: 1h, no_answer: 2h}}
"""


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def data(self):
        """The one JSON document on stdout."""
        return json.loads(self.out)


@pytest.fixture
def cli(capsys):
    """Runs a command line in this process."""

    def say(*words):
        capsys.readouterr()
        code = run([str(word) for word in words])
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out, said.err
        return Said(code, said.out, said.err)

    return say


@pytest.fixture
def folder(tmp_path):
    """The current folder, with a small campaign."""
    Path("small.yaml").write_text(CAMPAIGN)
    Path("people.csv").write_text(PEOPLE)
    return tmp_path


@pytest.fixture
def played(folder, cli):
    """The same, after the campaign was played."""
    said = cli("run", "small.yaml", "--json")
    assert said.code == 0, said.err
    return said.data


@pytest.fixture
def doubts(folder):
    """A simulated database with two leads that wait for a person's word, and one that was reached."""
    clock = DiscreteClock(instant("2026-11-23T09:00Z"))
    Path("campaigns-simulated.db.key").write_text(KEY.decode())

    async def play():
        async with _a_doubtful_night(clock) as night:
            assert (await night.run()).state == "finished"

    run_virtual(clock, play)


@asynccontextmanager
async def _a_doubtful_night(clock):
    path, account = Path("campaigns-simulated.db"), an_account(name="simulator")
    campaign = a_campaign(campaign="doubtful", attempts={"retry": {"unknown": "1h", "no_answer": "2h"}})
    async with open_sqlite(path, clock=clock, simulated=True) as store:
        night = a_night(store, clock, campaign=campaign, contacts=3, account=account, script=_last_one_answers)
        async with night as night_:
            record = await store.campaign("doubtful")
            await store.put_campaign(replace(record, document=AFTER_A_NIGHT), now=clock.now())
            yield night_
            await clock.sleep_until(clock.now() + timedelta(hours=1))


def _last_one_answers(phone, _nth):
    return Disposition.ANSWERED if phone.endswith("2") else Unclear("cut off")
