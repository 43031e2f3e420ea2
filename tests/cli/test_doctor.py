"""Whether it can work: what `doctor` finds, and campaigns that do not start because they cannot succeed."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from campaigns.clock import SystemClock
from campaigns.domain.errors import VendorError
from campaigns.domain.lead import CampaignState
from campaigns.ports import ProviderFacts
from campaigns.ports.health import Finding
from campaigns.ports.outbox import Event
from campaigns.ports.store import CampaignRecord
from campaigns.scripted import ScriptedList, ScriptedProvider
from campaigns.stores.sqlite import open_sqlite
from campaigns.vendors import LISTS, PROVIDERS

S = CampaignState
CAMPAIGN = """\
campaign: {name}
purpose: informational
provider: {provider}
agent: ann
contacts: [{{file: people.csv, region: GB, columns: {{phone: Mobile, id: Id}}}}]
calling_hours: "24/7"
legal_hours: {{off: "made-up people"}}
timezone: Europe/London
pacing: {{per_second: 10}}
"""
SETTINGS = 'listen = "127.0.0.1:0"\n[providers.{name}]\nkind = "{kind}"\nbase_url = "{url}"\napi_key = "{key}"\n'
NOWHERE = "http://127.0.0.1:9"


def settings(*sections, **first):
    text = SETTINGS.format(name="mine", kind="flireo", url=NOWHERE, key="k") if not first else SETTINGS.format(**first)
    Path("campaigns.toml").write_text("\n".join([text, *sections]))


def campaign(name="live", provider="mine", text=""):
    path = Path(f"{name}.yaml")
    path.write_text(CAMPAIGN.format(name=name, provider=provider) + text)
    return path


@pytest.fixture
def scripted(monkeypatch):
    """The class of a kind `scripted`, as another package would bring it; its `finds` is what health says."""

    class Scripted(ScriptedProvider):
        BASE_URL = NOWHERE
        facts = ProviderFacts(documented_per_minute=None)
        finds = ()
        made = ()

        def __init__(self, account, around):
            super().__init__(around.clock, findings=list(self.finds), lasts=timedelta(seconds=1))
            Scripted.made += (self,)

    module = ModuleType("a_package_of_another")
    module.Scripted = Scripted
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(PROVIDERS, "scripted", f"{module.__name__}:Scripted")
    settings(name="mine", kind="scripted", url=NOWHERE, key="k")
    return Scripted


@pytest.fixture
def simulator(tmp_path):
    """The address of the built-in simulator, served on loopback; its key is `right`."""
    Path("faults.yaml").write_text("options: {api_key: right}\n")
    code = "import sys; from campaigns.cli.main import main; main(sys.argv[1:])"
    words = ["simulator", "--port", "0", "--faults", "faults.yaml"]
    process = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE, text=True)
    address = re.search(r"on (http://[\d.:]+)", process.stderr.readline())[1]
    yield f"{address}/flireo"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


def checks(said):
    return {one["check"]: one["ok"] for one in said.data}


# doctor


def test_doctor_says_what_it_looked_at(cli, folder):
    said = cli("doctor")
    assert said.code == 0
    assert re.search(r"^note +webhooks: no public_url", said.out, re.MULTILINE)
    found = checks(cli("doctor", "--json"))
    assert found == {"settings": True, "database": True, "providers": True, "webhooks": None}


def test_doctor_tells_how_it_stands_with_those_who_are_told(cli, folder):
    async def happened(*, given_up):
        async with open_sqlite(folder / "campaigns.db", clock=SystemClock(), simulated=False) as store:
            record = CampaignRecord("c", S.ACTIVE, "", "/", "mine", "informational", SystemClock().now())
            await store.put_campaign(record, now=record.created_at)
            await store.subscribe({"crm": list(Event)})
            await store.steer("c", S.FINISHED, expect=[S.ACTIVE], reason="", now=record.created_at)
            if given_up:
                (parcel,) = await store.take_parcels(limit=9, until=record.created_at, now=record.created_at)
                await store.put_off(parcel, until=None)

    Path("campaigns.toml").write_text(
        f'listen = "127.0.0.1:0"\n[notify.crm]\nurl = "{NOWHERE}/hook"\nsecret = "whsec_{"A" * 40}"\n'
    )
    asyncio.run(happened(given_up=False))
    assert re.search(r"^ok +notify: crm is told; 1 wait since ", cli("doctor").out, re.MULTILINE)
    (folder / "campaigns.db").unlink()
    asyncio.run(happened(given_up=True))
    said = cli("doctor")
    assert said.code == 2
    assert re.search(r"^WRONG +notify: 1 webhooks were given up .*restart the worker", said.out, re.MULTILINE)


def test_doctor_finds_a_provider_that_does_not_answer(cli, folder):
    settings()
    said = cli("doctor")
    assert said.code == 2
    assert re.search(r"^WRONG +mine key: mine: ", said.out, re.MULTILINE)


def test_doctor_finds_a_wrong_key_and_a_right_one(cli, folder, simulator):
    settings(name="mine", kind="flireo", url=simulator, key="wrong")
    said = cli("doctor")
    assert said.code == 2
    assert re.search(r"^WRONG +mine key: .*401.*api_key", said.out, re.MULTILINE)
    settings(name="mine", kind="flireo", url=simulator, key="right")
    assert checks(cli("doctor", "--json"))["mine key"] is True


def test_doctor_tells_faults_doubts_and_what_is_well(cli, folder, scripted):
    scripted.finds = (
        Finding("key", True, "accepted"), Finding("clock", None, "40 s ahead", "Set it."),
        Finding("agent", False, "'ann' is unknown", "Write another id."),
    )  # fmt: skip
    said = cli("doctor")
    assert said.code == 2
    assert re.search(r"^ok +mine key: accepted\.$", said.out, re.MULTILINE)
    assert re.search(r"^note +mine clock: 40 s ahead\. Set it\.$", said.out, re.MULTILINE)
    assert re.search(r"^WRONG +mine agent: 'ann' is unknown\. Write another id\.$", said.out, re.MULTILINE)
    scripted.finds = scripted.finds[:2]
    assert cli("doctor").code == 0


def test_a_provider_beyond_this_machine_needs_a_key(cli, folder):
    Path("campaigns.toml").write_text('[providers.mine]\nkind = "callab"\n')
    for said in (cli("doctor"), cli("validate", campaign()), cli("run", campaign())):
        assert said.code == 2
        assert "[providers.mine] has no api_key. Write one" in said.out + said.err


def test_doctor_asks_for_the_agents_and_numbers_of_unfinished_campaigns(cli, folder, scripted):
    path = campaign(text='caller_ids: ["+442079460123"]\nstarts: 2099-01-01\n')
    assert cli("start", path, "--yes").code == 0
    settings(
        '[providers.other]\nkind = "scripted"\napi_key = "k"\n', name="mine", kind="scripted", url=NOWHERE, key="k"
    )
    scripted.made = ()
    assert cli("doctor").code == 0
    asked = [needs for provider in scripted.made for needs in provider.needs]
    assert [(needs.agents, needs.caller_ids) for needs in asked] == [({"ann"}, ("+442079460123",)), (frozenset(), ())]


@pytest.mark.parametrize("kind", ["callab", "callbell", "flireo"])
def test_doctor_finds_a_list_that_does_not_answer(cli, folder, kind):
    Path("campaigns.toml").write_text(f'[lists.{kind}]\nbase_url = "http://127.0.0.1:9"\n')
    said = cli("doctor")
    assert said.code == 2
    assert re.search(rf"^WRONG +list {kind} key: {kind}: ", said.out, re.MULTILINE)


def test_doctor_asks_the_lists_too(cli, folder, monkeypatch):
    class Crm(ScriptedList):
        BASE_URL = NOWHERE

        def __init__(self, account, around):
            super().__init__(account.name)

        async def health(self):
            return [Finding("key", False, "refused", "Check api_key.")]

    module = ModuleType("a_list_of_another")
    module.Crm = Crm
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(LISTS, "crm", f"{module.__name__}:Crm")
    Path("campaigns.toml").write_text('[lists.crm]\napi_key = "k"\n[lists.gone]\nkind = "unheard"\napi_key = "k"\n')
    found = checks(cli("doctor", "--json"))
    assert (found["list crm key"], found["list gone"]) == (False, False)


# starting


def test_a_run_with_a_missing_agent_calls_nobody_and_says_why(cli, folder, scripted):
    scripted.finds = (Finding("agent", False, "'ann' is unknown", "Write another id."),)
    said = cli("run", campaign())
    assert said.code == 2
    assert "agent: 'ann' is unknown. Write another id." in said.out
    assert all(not provider.asked for provider in scripted.made)
    assert cli("status", "live", "--json").data["state"] == "paused"
    said = cli("run", "live.yaml", "--json")
    assert (said.code, said.data["state"], said.data["attempts"]["total"]) == (2, "paused", 0)
    assert "'ann' is unknown" in said.err


def test_a_run_on_a_refused_account_exits_with_4(cli, folder, simulator):
    settings(name="mine", kind="flireo", url=simulator, key="wrong")
    said = cli("run", campaign(), "--json")
    assert (said.code, said.data["state"], said.data["attempts"]["total"]) == (4, "refused", 0)
    assert "401" in said.err
    status = cli("status", "live", "--json").data
    assert (status["state"], "401" in status["reason"]) == ("refused", True)


def test_once_it_is_mended_the_same_command_goes_on_and_doubts_are_told_on_stderr(cli, folder, scripted):
    scripted.finds = (Finding("credits", False, "none left"),)
    assert cli("run", campaign(), "--speed", "60").code == 4
    scripted.finds = (Finding("clock", None, "40 s ahead"),)
    said = cli("run", "live.yaml", "--speed", "60", "--json")
    assert (said.code, said.data["outcomes"]["reached"]) == (0, 6)
    assert "note  clock: 40 s ahead." in said.err


def test_a_run_with_a_limit_needs_no_more_than_that(cli, folder, scripted):
    assert cli("run", campaign(), "--speed", "60", "--limit", "1", "--json").code == 3
    assert [needs.calls for provider in scripted.made for needs in provider.needs] == [3]


@pytest.mark.parametrize(("subject", "code", "state"), [("numbers", 2, "paused"), ("key", 4, "refused")])
def test_start_refuses_what_cannot_succeed(cli, folder, scripted, subject, code, state):
    scripted.finds = (Finding(subject, False, "it is wrong", "Mend it."),)
    said = cli("start", campaign(text='caller_ids: ["+442079460123"]\n'), "--yes")
    assert (said.code, said.out) == (code, "")
    assert "it is wrong" in said.err
    assert ("live.yaml:10: caller_ids" in said.err) is (subject == "numbers")
    assert cli("status", "live", "--json").data["state"] == state


def test_a_vendor_that_is_down_does_not_keep_a_campaign_from_starting(cli, folder, scripted):
    async def down(_self, _needs):
        raise VendorError("mine", "calls", 503, "down")

    scripted.health = down
    said = cli("start", campaign(), "--yes", "--json")
    assert (said.code, said.data["state"]) == (0, "active")
    assert "note  provider: mine: calls: HTTP 503: down." in said.err


def test_a_worker_refuses_one_campaign_and_goes_on_with_the_others(cli, folder, simulator):
    more = SETTINGS.format(name="bad", kind="flireo", url=simulator, key="right").partition("\n")[2]
    settings(more, name="mine", kind="flireo", url=simulator, key="right")
    for name in ("mine", "bad"):
        assert cli("start", campaign(name, name), "--yes").code == 0
    toml = Path("campaigns.toml")
    toml.write_text(toml.read_text()[::-1].replace('"thgir"', '"gnorw"', 1)[::-1])
    code = "from campaigns.cli.main import main; main(['worker'])"
    worker = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        limit = time.monotonic() + 30
        while time.monotonic() < limit and not cli("attempts", "mine", "--json").data:
            time.sleep(0.2)
    finally:
        worker.send_signal(signal.SIGTERM)
        said = worker.communicate(timeout=40)[1]
    assert re.search(r"worker: bad: refused: key: .*401", said)
    assert cli("status", "bad", "--json").data["state"] == "refused"
    assert cli("attempts", "bad", "--json").data == []
    assert cli("attempts", "mine", "--json").data
