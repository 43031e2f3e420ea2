"""Ended campaigns leave the database for files, whole, and their people are not called again by accident."""

import base64
import gzip
import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from campaigns.app import open_session
from campaigns.archives import rows_of
from campaigns.archiving import archive_one
from campaigns.clock import SystemClock, run_real
from campaigns.domain.errors import InputError
from campaigns.settings import Settings

DATABASE = Path("campaigns-simulated.db")
ARCHIVE = Path("small.archive.jsonl.gz")
LONG_AGO = ("--at", "2026-01-05T09:00Z")


@pytest.fixture
def old(folder, cli):
    """A campaign that was played to its end in January."""
    file = Path("small.yaml")
    dates = file.read_text().replace("starts: 2026-11-23\nends: 2026-11-27", "starts: 2026-01-05\nends: 2026-01-09")
    file.write_text(dates)
    said = cli("run", file, *LONG_AGO, "--json")
    assert said.code == 0, said.err
    return said.data


def counts():
    with closing(sqlite3.connect(DATABASE)) as raw:
        tables = ("lead", "lead_phone", "attempt", "journal", "bad_row", "budget", "write_back")
        return {table: raw.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}


def lines():
    with gzip.open(ARCHIVE, "rt") as file:
        return [json.loads(line) for line in file]


def test_everything_goes_into_one_file_and_out_of_the_database(old, cli):
    before, size = counts(), DATABASE.stat().st_size
    assert before["journal"] > before["attempt"] >= before["lead"] == 6
    said = cli("--json", "archive", "small", "--compact")
    assert said.code == 0, said.err
    ((one),) = said.data
    assert (one["campaign"], one["archived"]) == ("small", True)
    assert {table: one["rows"][table] for table in ("lead", "attempt", "journal")} == {
        table: before[table] for table in ("lead", "attempt", "journal")
    }
    assert stat.S_IMODE(ARCHIVE.stat().st_mode) == 0o600
    first, *rows, last = lines()
    assert (first["archive"], first["campaign"]) == (1, "small")
    assert last["end"] == one["rows"]
    phones = {row["attempt"]["phone"] for row in rows if "attempt" in row}
    assert len(phones) == 6
    (body,) = {base64.b64decode(row["attempt"]["body"]["base64"])[:1] for row in rows if "attempt" in row}
    assert body == b"{"
    assert "small" in next(row["campaign"]["document"] for row in rows if "campaign" in row)
    left = counts()
    assert left["lead"] == left["attempt"] == left["lead_phone"]  # of who refused
    assert (left["journal"], left["budget"]) == (1, 0)  # its last line stays: no place in the journal is given twice
    assert DATABASE.stat().st_size <= size


def test_the_same_file_does_not_begin_anew_unless_it_says_so(old, cli):
    assert cli("archive", "small").code == 0
    for words in (["run", "small.yaml"], ["run", "small.yaml", *LONG_AGO]):
        said = cli(*words)
        assert said.code == 2
        assert "small.yaml:1" in said.err
        assert "call the same people" in " ".join(said.err.split())
        assert "small-2" in said.err
    for words in (
        ["leads", "small"],
        ["explain", "small", "1"],
        ["resume", "small"],
        ["report", "small", "--out", "r.csv"],
    ):
        said = cli(*words)
        assert said.code == 2
        assert "archived in" in said.err
    Path("small.yaml").write_text(Path("small.yaml").read_text().replace("campaign: small", "campaign: small-2"))
    assert cli("run", "small.yaml", *LONG_AGO, "--json").data["contacts"]["leads"] == 6


def test_a_list_that_was_this_campaign_is_refused_with_its_place(old, cli):
    text = Path("small.yaml").read_text()
    begin, end = text.index("contacts:"), text.index("calling_hours")
    again = text[:begin] + "contacts: [{campaign: small}]\n" + text[end:]
    Path("second.yaml").write_text(again.replace("campaign: small\npurpose", "campaign: second\npurpose"))
    assert cli("archive", "small").code == 0
    said = cli("run", "second.yaml")
    assert said.code == 2
    assert "archived in" in said.err


def test_a_campaign_that_others_still_read_stays(old, cli):
    text = Path("small.yaml").read_text()
    begin, end = text.index("contacts:"), text.index("calling_hours")
    again = text[:begin] + "contacts: [{campaign: small}]\n" + text[end:]
    Path("second.yaml").write_text(again.replace("campaign: small\npurpose", "campaign: second\npurpose"))
    assert cli("run", "second.yaml", *LONG_AGO, "--limit", "1").code == 3
    said = cli("archive", "small")
    assert said.code == 2
    assert "'second' takes its contacts from it" in said.err
    assert not ARCHIVE.exists()


def test_what_is_young_or_not_over_stays_with_the_reason(played, cli):
    said = cli("archive", "small")
    assert said.code == 2
    assert "caps count its calls until 20" in said.err
    assert "No campaign ended so long ago" in cli("archive", "--older-than", "90d").out
    assert not ARCHIVE.exists()


def test_doubts_and_open_leads_keep_it(doubts, cli):
    with closing(sqlite3.connect(DATABASE)) as raw, raw:
        raw.execute("UPDATE campaign SET finished_at = 1")
    said = cli("archive", "doubtful")
    assert said.code == 2
    assert "nobody knows the end (2)" in said.err
    (one,) = cli("--json", "archive", "--older-than", "90d").data
    assert (one["archived"], "nobody knows" in one["why"]) == (False, True)


def test_older_than_takes_all_of_them_and_twice_changes_nothing(old, cli):
    (one,) = cli("--json", "archive", "--older-than", "90d").data
    assert one["archived"]
    written, left = ARCHIVE.read_bytes(), counts()
    assert cli("--json", "archive", "--older-than", "90d").data == []
    assert cli("--json", "archive", "small").data[0]["archived"]
    assert (ARCHIVE.read_bytes(), counts()) == (written, left)


class CutOff(Exception):
    """The process is gone."""


class Cut:
    """A store that is cut off at one verb, before it, or after it is done."""

    def __init__(self, store, verb, *, done):
        self._store, self._verb, self._done = store, verb, done

    def __getattr__(self, name):
        real = getattr(self._store, name)
        return real if name != self._verb else partial(self._cut, real)

    async def _cut(self, real, *args, **keys):
        if self._done:
            await real(*args, **keys)
        raise CutOff


@pytest.mark.parametrize(
    ("verb", "done"),
    [
        ("archive_journal", True), ("mark_archived", False), ("mark_archived", True), ("drop_journal", True),
        ("drop_leads", True), ("drop_rest", False), ("drop_rest", True),
    ],
)  # fmt: skip
def test_a_try_that_was_cut_off_is_finished_by_the_next(old, cli, verb, done):
    before = counts()

    async def cut_off():
        async with open_session(Settings(), SystemClock(), simulated=True) as session:
            await archive_one(replace(session, store=Cut(session.store, verb, done=done)), "small", Path())

    with pytest.raises(BaseExceptionGroup) as caught:
        run_real(cut_off)
    assert caught.value.subgroup(CutOff)
    assert ARCHIVE.exists() == (verb != "archive_journal")
    marked = (verb, done) not in (("archive_journal", True), ("mark_archived", False))
    assert cli("status", "small").code == (2 if marked else 0)
    assert cli("archive", "--older-than", "90d").code == 0
    assert rows_of(ARCHIVE)["lead"] == before["lead"]
    assert rows_of(ARCHIVE)["journal"] == before["journal"]
    assert (counts()["journal"], counts()["budget"]) == (1, 0)
    assert [path.name for path in Path().iterdir() if "part" in path.name] == []


def test_another_file_of_that_name_is_never_overwritten(old, cli):
    ARCHIVE.write_text("mine")
    said = cli("archive", "small")
    assert said.code == 2
    assert "it stays" in said.err
    assert ARCHIVE.read_text() == "mine"
    Path("others").mkdir()
    assert cli("archive", "small", "--out", "others").code == 0
    assert rows_of(Path("others") / ARCHIVE)["lead"] == 6


@pytest.mark.parametrize("harm", ["cut", "changed", "empty"])
def test_an_archive_that_was_harmed_says_so(old, cli, harm):
    assert cli("archive", "small").code == 0
    text = gzip.decompress(ARCHIVE.read_bytes())
    if harm == "cut":
        ARCHIVE.write_bytes(ARCHIVE.read_bytes()[:-40])
    else:
        ARCHIVE.write_bytes(gzip.compress(text.replace(b"Person 1", b"Person 7") if harm == "changed" else b""))
    with pytest.raises(InputError):
        rows_of(ARCHIVE)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Name one campaign"), (["small", "--older-than", "90d"], "Name one campaign"),
        (["nobody"], "no campaign 'nobody'"), (["--older-than", "soon"], "--older-than"),
        (["small", "--out", "nowhere"], "no such folder"),
    ],
)  # fmt: skip
def test_wrong_words_are_explained(old, cli, words, says):
    said = cli("archive", *words)
    assert said.code == 2
    assert says in said.err
