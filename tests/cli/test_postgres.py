"""The command line on a real PostgreSQL: the same campaigns come to the same end, and what is wrong is said plainly."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from operator import itemgetter
from pathlib import Path

import pytest
from postgres import tell

from campaigns.clock import ScaledClock, real_now, run_real
from campaigns.stores.addresses import location_of
from campaigns.stores.location import Kind

SAMPLES = Path(__file__).parents[2] / "sample_campaigns"
KEY = "a key for tests that all machines share, and for tests only"


@pytest.fixture
def there(postgres_url, monkeypatch):
    """An empty database on a real server, and the key that it needs."""
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", KEY)
    return postgres_url


def name_of(url):
    return re.search(r"/(test_\w+)", url)[1]


def facts(cli, database, name):
    """Everything that a database tells of a campaign, but where it is, and when and in which order things came.

    In virtual time what falls on one moment comes in one order on a file; a server's answers come as they come.
    The simulator numbers its calls as it was asked for them.
    """
    status = cli("status", name, "--json", "--db", database).data
    assert str(location_of(database)) == status.pop("database")
    leads, attempts = (cli(words, name, "--json", "--db", database).data for words in ("leads", "attempts"))
    attempts.sort(key=itemgetter("lead", "ordinal"))
    theirs = ("_at", "call_id")
    return [status, *({k: v for k, v in row.items() if not k.endswith(theirs)} for row in (*leads, *attempts))]


def made(ledger):
    """Whom the simulator was asked to call, and how each call went."""
    lines = map(json.loads, ledger.read_text().splitlines())
    return sorted(
        (line["metadata"]["attempt_id"], line["phone_number"], line["how"]) for line in lines if "how" in line
    )


@pytest.mark.parametrize(("file", "words"), [("small.yaml", ()), ("us-lead-follow-up", ("--limit", "8"))])
def test_a_campaign_comes_to_the_same_end_on_both_databases(folder, cli, there, file, words):
    path = SAMPLES / file / "campaign.yaml" if not file.endswith(".yaml") else file
    ends = [cli("run", path, *words, "--json", "--db", url) for url in ("sqlite:///here.db", there)]
    assert [end.code for end in ends] == [3 if words else 0] * 2, ends[1].err
    assert ends[0].data == ends[1].data
    assert sum(ends[0].data["attempts"].values()) > 5
    name = ends[0].data["campaign"]
    assert facts(cli, "sqlite:///here.db", name) == facts(cli, there, name)
    here, other = (made(Path(f"{stem}.{name}.ledger.jsonl")) for stem in ("here", name_of(there)))
    assert here == other != []


def test_a_plan_goes_on_from_where_the_database_stands_and_leaves_it_as_it_is(folder, cli, there):
    cli("run", "small.yaml", "--limit", "2", "--db", "sqlite:///here.db")
    cli("run", "small.yaml", "--limit", "2", "--db", there)
    before = tell("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables", name_of(there))
    here, plan = (cli("plan", "small.yaml", "--json", "--db", url) for url in ("sqlite:///here.db", there))
    assert plan.code == 0, plan.err
    moments = {"now", "first_call", "windows"}  # of two runs that were stopped in the middle: a poll apart at most
    assert {k: v for k, v in plan.data.items() if k not in moments} == {
        k: v for k, v in here.data.items() if k not in moments
    }
    assert abs(datetime.fromisoformat(plan.data["now"]) - datetime.fromisoformat(here.data["now"])) < timedelta(
        seconds=9
    )
    assert "goes on from where the database stands" in plan.out
    after = tell("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables", name_of(there))
    assert after == before
    assert cli("plan", "small.yaml", "--json", "--db", there.replace(name_of(there), "none")).code == 2


def test_a_plan_makes_no_tables_in_an_empty_database(folder, cli, there):
    assert cli("plan", "small.yaml", "--db", there).code == 0
    assert run_real(location_of(there).kind) is Kind.ABSENT


def test_steering_and_asking_work_as_on_a_file(folder, cli, there):
    database = ("--db", there)
    cli("run", "small.yaml", "--limit", "2", *database)
    assert cli("stop", "small", "--json", *database).data == {"campaign": "small", "state": "stopped"}
    assert cli("status", "small", *database).out.startswith("small: stopped")
    assert cli("explain", "small", "6", *database).out.startswith("6: ")
    assert cli("report", "small", "--out", "r.csv", *database).code == 0
    assert Path("r.csv").read_text().count("\n") == 7
    assert cli("suppress", "add", "+442079460123", *database).code == 0
    (entry,) = cli("suppress", "list", "--json", *database).data
    assert (entry["number"], entry["database"]) == ("+442*******23", str(location_of(there)))
    assert cli("run", "small.yaml", "--fresh", "--json", *database).data["outcomes"]["open"] == 0


def test_a_password_is_never_shown(folder, cli, there):
    secret = there.replace("postgres@", "postgres:hush@")
    said = [
        cli(*words, "--db", secret)
        for words in (
            ("run", "small.yaml", "--limit", "1", "-v"), ("run", "small.yaml", "--limit", "1", "--json"), ("status",),
            ("doctor", "--json"), ("doctor",), ("status", "none"), ("start", "small.yaml", "--yes"),
            ("plan", "small.yaml"), ("suppress", "list"), ("worker",),
        )
    ]  # fmt: skip
    gone = secret.replace(name_of(there), "none")
    said += [cli(*words, "--db", gone) for words in (("status",), ("doctor",), ("run", "small.yaml"))]
    assert "--db postgresql://postgres@/" in said[0].out  # the command that goes on
    assert not any("hush" in one.out + one.err for one in said)


def test_a_key_is_needed_and_must_stay_the_same(folder, cli, there, monkeypatch):
    cli("run", "small.yaml", "--limit", "1", "--db", there)
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "another key")
    said = cli("status", "--db", there)
    assert said.code == 2
    assert "was begun with another key" in said.err
    monkeypatch.delenv("CAMPAIGNS_HASH_KEY")
    for words in (("status",), ("plan", "small.yaml"), ("run", "small.yaml"), ("worker",)):
        said = cli(*words, "--db", there)
        assert said.code == 2
        assert "settings: hash_key: " in said.err
        assert "secrets.token_hex(32)" in said.err
    assert cli("validate", "small.yaml", "--db", there).code == 0


def test_a_key_that_was_lost_beside_a_file_is_noticed(folder, cli):
    cli("run", "small.yaml", "--limit", "1")
    Path("campaigns-simulated.db.key").unlink()
    said = cli("status")
    assert said.code == 2
    assert "campaigns-simulated.db was begun with another key" in said.err


WRONG = {
    "postgresql://u:hush@127.0.0.1:9/x": "/u@127.0.0.1:9/x: the server cannot be reached: connection refused",
    "postgresql:///x?host=/nowhere": "the server cannot be reached: No such file or directory",
    "postgresql://u@none.invalid/x": "postgresql://u@none.invalid/x: the server cannot be reached: ",
}


@pytest.mark.parametrize("url", WRONG)
def test_a_server_out_of_reach_is_told_in_one_line(folder, cli, url, monkeypatch):
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", KEY)
    for words in (("status",), ("run", "small.yaml"), ("plan", "small.yaml"), ("worker",)):
        said = cli(*words, "--db", url)
        assert said.code == 2
        assert WRONG[url] in said.err
        assert said.err.count("\n") == 1


def test_a_wrong_user_and_a_missing_database_are_told_with_the_mend(folder, cli, there):
    said = cli("status", "--db", there.replace("postgres@", "nobody@"))
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert (
        "the server refuses this user or password. Put the right one into the address, PGPASSWORD or ~/.pg" in said.err
    )
    said = cli("status", "--db", there.replace(name_of(there), "none"))
    assert (said.code, said.err.count("\n")) == (2, 1)
    host = re.search(r"host=(.*)", there)[1]
    assert f"there is no such database. Make it with `createdb -h {host} -U postgres none`." in said.err


def test_another_programs_tables_are_left_alone(folder, cli, there):
    tell("CREATE TABLE campaign (theirs INT); CREATE TABLE meta (key TEXT)", name_of(there))
    for words in (("status",), ("run", "small.yaml"), ("plan", "small.yaml"), ("worker",), ("suppress", "list")):
        said = cli(*words, "--db", there)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert re.search("belongs to another program|not a database of ours", said.err)
    assert "another program" in cli("doctor", "--db", there).out
    assert tell(
        "SELECT string_agg(tablename, ' ' ORDER BY 1) FROM pg_tables WHERE schemaname = 'public'", name_of(there)
    ) == ("campaign meta")


def test_simulated_and_live_never_mix(folder, cli, there):
    cli("run", "small.yaml", "--limit", "1", "--db", there)
    said = cli("worker", "--db", there)
    assert said.code == 2
    assert "is a simulated database" in said.err


def test_a_second_virtual_time_in_one_database_is_refused(folder, cli, there):
    location = location_of(there)

    async def meanwhile():
        async with location.dialing(clock=ScaledClock(real_now(), 1.0), simulated=True) as ours:
            assert ours
            async with location.dialing(clock=ScaledClock(real_now(), 1.0), simulated=False) as too:
                assert too
            with ThreadPoolExecutor(1) as threads:  # a command line makes an event loop of its own
                return threads.submit(cli, "run", "small.yaml", "--db", there).result()

    said = run_real(meanwhile)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "another process plays a campaign in this simulated database" in said.err
    assert cli("run", "small.yaml", "--limit", "1", "--db", there).code == 3


def test_doctor_looks_at_the_server(folder, cli, there):
    said = cli("doctor", "--json", "--db", there)
    told = {check["check"]: check for check in said.data}
    assert said.code == 0
    assert re.search(r"PostgreSQL \d+.*the first run makes the tables", told["database"]["detail"])
    assert told["database durability"]["detail"].startswith("fsync on, synchronous_commit on")
    assert told["database clock"]["ok"]
    assert told["database workers"]["detail"].startswith("0 connected")
    assert re.search(r"\d+ of \d+ in use", told["database connections"]["detail"])
    cli("run", "small.yaml", "--limit", "1", "--db", there)
    told = {check["check"]: check for check in cli("doctor", "--json", "--db", there).data}
    assert told["database"]["detail"].endswith(", simulated.")
