"""Wrong files and options: exit 2, where and how to mend it, no traceback, and nothing on stdout."""

import os
import sqlite3
from pathlib import Path

import pytest

LIVE = (
    "campaign: live\npurpose: informational\nprovider: far\nagent: a\nlegal_hours: {off: a test}\n"
    'contacts: [{file: people.csv, region: GB, columns: {phone: Mobile, id: Id}}]\ncalling_hours: "24/7"\n'
    "timezone: Europe/London\n"
)
FAR = '[providers.far]\nkind = "flireo"\nbase_url = "https://calls.invalid"\napi_key = "k"\n'


def changed(before, after):
    """The small campaign with one thing in it replaced."""
    text = Path("small.yaml").read_text()
    assert before in text
    Path("small.yaml").write_text(text.replace(before, after))


WEEK = "Mo-Fr 09:00-12:30,13:30-17:30"
WRONG_FILES = {
    "unknown key": (("purpose:", "purpse:"), "small.yaml:2: purpse:", "Did you mean `purpose`?"),
    "bad hours": ((WEEK, "office hours"), "small.yaml:7: calling_hours:", "Write for example"),
    "semicolon for comma": ((",13:30", "; 13:30"), "small.yaml:7:", f"write a comma: {WEEK}"),
    "missing column": (("phone: Mobile", "phone: Mobil"), "small.yaml:4: contacts[0]: people.csv:1:", "mean 'Mobile'?"),
    "missing list": (("people.csv", "who.csv"), "small.yaml:4: contacts[0]: who.csv:", "relative to the campaign"),
    "duplicate key": (("timezone:", "campaign: b\ntimezone:"), "small.yaml:8: campaign:", "Remove one of them"),
    "tab": (("    region", "\tregion"), "small.yaml:5:", "Indent with spaces"),
    "unknown provider": (("timezone:", "provider: none\nagent: a\ntimezone:"), "'none'", "section [providers.none]"),
    "cost without a price": (
        ("timezone:", "budget: {cost: 5}\ntimezone:"), "small.yaml:8: budget.cost:", "price_per_minute",
    ),
    "two mistakes": (("max: 2", "max: nine, gpa: 1h"), "small.yaml:11: attempts.gpa:", "Did you mean `gap`?"),
    "bad date": (("ends: 2026-11-27", "ends: 2026-02-30"), "small.yaml:10: ends:", "2026"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_campaign_file_is_refused_with_its_place_and_the_mend(cli, folder, case, command):
    change, place, mend = WRONG_FILES[case]
    changed(*change)
    said = cli(command, "small.yaml", *(["--json"] if command == "run" else []))
    assert said.code == 2
    assert place in said.err
    assert mend in said.err
    assert said.out == ""
    assert not Path("campaigns-simulated.db").exists() or command == "run"


UNREADABLE = {
    "no file": (None, "There is no such file"),
    "empty": (b"", "This file is empty"),
    "not UTF-8": (b"campaign: caf\xe9\n", "This is not text in UTF-8"),
    "binary": (b"\x00\x01\x02PK", "c.yaml:1"),
    "a list": (b"- campaign\n", "c.yaml:1"),
    "another text": (b"Dear all,\nthis is a letter.\n", "c.yaml"),
    "huge": (b"#" * 1_000_001, "larger than 1 MB"),
}


@pytest.mark.row("I1")
@pytest.mark.parametrize("case", UNREADABLE)
def test_a_file_that_is_no_campaign_is_named(cli, folder, case):
    content, hint = UNREADABLE[case]
    if content is not None:
        Path("c.yaml").write_bytes(content)
    said = cli("--json", "run", "c.yaml")
    assert (said.code, said.out) == (2, "")
    assert hint in said.err
    assert "c.yaml" in said.err


def test_a_directory_is_no_campaign(cli, folder):
    said = cli("run", ".")
    assert (said.code, "This is a directory" in said.err) == (2, True)


def test_a_real_provider_needs_an_agent(cli, folder):
    Path("campaigns.toml").write_text(FAR)
    Path("live.yaml").write_text(LIVE.replace("agent: a\n", ""))
    said = cli("run", "live.yaml")
    assert (said.code, "live.yaml:1: `agent` is missing" in said.err) == (2, True)


LAW = {
    "no such row": ("also: [gb-telemarketin]", "small.yaml:7: legal_hours.also[0]:", "Did you mean gb-telemarketing?"),
    "nothing like it": ("waive: [everything]", "small.yaml:7: legal_hours.waive[0]:", "`campaigns rules` lists them"),
    "not lifted": ("waive: [us-ai-voice-exempt]", "small.yaml:7: legal_hours.waive[0]:", "No consent lifts"),
    "not optional": ("also: [us-debt]", "small.yaml:7: legal_hours.also[0]:", "binds by itself"),
}


@pytest.mark.parametrize("command", ["run", "validate"])
@pytest.mark.parametrize("case", LAW)
def test_rows_of_the_law_that_cannot_be_named_are_refused_with_the_mend(cli, folder, case, command):
    keys, place, mend = LAW[case]
    changed("calling_hours:", f"legal_hours: {{{keys}}}\ncalling_hours:")
    said = cli(command, "small.yaml")
    assert said.code == 2
    assert place in said.err
    assert mend in said.err


def test_rows_that_bind_only_when_they_are_named_are_taken(cli, folder):
    changed("calling_hours:", "legal_hours: {also: [es-code], waive: [us-telemarketing]}\ncalling_hours:")
    assert cli("validate", "small.yaml").code == 0


WRONG_OPTIONS = {
    "no time": (["run", "small.yaml", "--at", "tomorrow"], "Write 2026-11-23T09:00+01:00"),
    "time without offset": (["run", "small.yaml", "--at", "2026-11-23T09:00"], "no offset"),
    "no leads": (["run", "small.yaml", "--limit", "0"], "--limit"),
    "no speed": (["run", "small.yaml", "--speed", "0"], "--speed"),
    "speed of real calls": (["run", "live.yaml", "--speed", "10"], "real calls take real time"),
    "time of real calls": (["run", "live.yaml", "--at", "2026-11-23T09:00Z"], "real calls take real time"),
    "fresh real calls": (["run", "live.yaml", "--fresh"], "simulated databases only"),
    "no such option": (["run", "small.yaml", "--fast"], "No such option: --fast"),
    "no such command": (["ruin", "small.yaml"], "No such command 'ruin'"),
    "nothing to run": (["run"], "FILE"),
    "option without value": (["run", "small.yaml", "--db"], "--db: write a value"),
    "no settings": (["--settings", "none.toml", "run", "small.yaml"], "none.toml: The settings cannot be read"),
    "no database": (["--db", "mysql://x", "run", "small.yaml"], "Write sqlite:///"),
    "no folder for it": (["--db", "sqlite:////nowhere/x.db", "run", "small.yaml"], "Make it, or name another"),
    "nothing played yet": (["status"], "Run a campaign first"),
    "start a simulation": (["start", "small.yaml", "--yes"], "campaigns run small.yaml"),
    "call nobody": (["call", "0612345678", "--as", "small.yaml"], "Write it with + and the country code"),
    "call rubbish": (["call", "+44", "--as", "small.yaml"], "Write it with + and the country code"),
    "suppress nobody": (["suppress", "add", "12"], "such as +442079460123"),
    "suppress a scope": (["suppress", "add", "+442079460001", "--scope", "some"], "write one of all, telemarketing"),
    "import nothing": (["suppress", "import", "none.csv"], "there is no such list"),
    "import another column": (["suppress", "import", "people.csv"], "It has: Id, Name, Mobile"),
    "init over files": (["init", "taken"], "nothing is overwritten"),
    "init over a file": (["init", "small.yaml"], "cannot be written"),
    "faults": (["simulator", "--faults", "none.yaml"], "none.yaml: cannot be read"),
    "port": (["simulator", "--port", "70000"], "--port"),
}


@pytest.mark.parametrize("case", WRONG_OPTIONS)
def test_a_wrong_option_is_refused_with_the_mend(cli, folder, case):
    words, hint = WRONG_OPTIONS[case]
    Path("campaigns.toml").write_text(FAR)
    Path("live.yaml").write_text(LIVE)
    Path("taken").mkdir()
    Path("taken/contacts.csv").write_text("")
    said = cli("--json", *words)
    assert (said.code, said.out) == (2, "")
    assert hint in said.err


WRONG_NAMES = {
    "status": ["status", "big"],
    "leads": ["leads", "big"],
    "attempts": ["attempts", "big"],
    "explain": ["explain", "big", "1"],
    "report": ["report", "big", "--out", "r.html"],
    "pause": ["pause", "big"],
    "start": ["start", "big"],
}


@pytest.mark.parametrize("case", WRONG_NAMES)
def test_an_unknown_campaign_is_answered_with_those_that_exist(cli, played, case):
    said = cli(*WRONG_NAMES[case], "--json")
    assert (said.code, said.out) == (2, "")
    assert "no campaign 'big': campaigns-simulated.db has small." in said.err


def test_a_campaign_is_found_though_there_is_a_live_database_too(cli, played):
    cli("suppress", "add", "+442079460009")
    assert Path("campaigns.db").exists()
    assert cli("status", "small").code == 0
    said = cli("status", "big")
    assert "campaigns.db has none; campaigns-simulated.db has small" in said.err


WRONG_AFTERWARDS = {
    "no such lead": (["explain", "small", "77"], "campaigns leads small"),
    "no such number": (["explain", "small", "+442079460999"], "has no such lead"),
    "no number": (["explain", "small", "+44"], "Write it with + and the country code"),
    "no such state": (["leads", "small", "--state", "asleep"], "asleep"),
    "no such disposition": (["attempts", "small", "--disposition", "asleep"], "asleep"),
    "no such report": (["report", "small", "--out", "r.pdf"], "ends in .html, .csv, .xlsx or .parquet"),
    "no place for it": (["report", "small", "--out", "none/r.html"], "cannot be written"),
    "over already": (["pause", "small"], "finished, so it cannot become paused"),
    "live over simulated": (["--db", "sqlite:///campaigns-simulated.db", "start", "live.yaml", "--yes"], "never mix"),
}


@pytest.mark.parametrize("case", WRONG_AFTERWARDS)
def test_a_wrong_question_is_answered_with_the_mend(cli, played, case):
    words, hint = WRONG_AFTERWARDS[case]
    Path("campaigns.toml").write_text(FAR)
    Path("live.yaml").write_text(LIVE)
    said = cli("--json", *words)
    assert (said.code, said.out) == (2, "")
    assert hint in said.err


def test_a_suppressed_number_is_explained_as_such(cli, folder):
    cli("suppress", "add", "+442079460001", "--db", "sqlite:///x.db")
    Path("x.db").unlink()  # the key stays
    cli("run", "small.yaml", "--limit", "1")
    cli("suppress", "add", "+442079460999")
    said = cli("explain", "small", "+442079460999")
    assert "is on the do-not-call list" in said.err
    assert "2079460999" not in said.err


WRONG_SETTINGS = {
    "missing variable": ('hash_key = { env = "NOT_SET" }', "campaigns.toml: hash_key:", "Set NOT_SET"),
    "no TOML": ("hash_key = = 3", "campaigns.toml:1:", "not TOML"),
    "unknown key": ('databse = "sqlite:///x.db"', "campaigns.toml: databse:", "Did you mean `database`?"),
    "wrong kind": ('[providers.far]\nkind = "morse"\nbase_url = "https://a.invalid"', "kind", "flireo"),
}


@pytest.mark.parametrize("case", WRONG_SETTINGS)
def test_wrong_settings_are_named_with_the_mend(cli, folder, case):
    content, place, mend = WRONG_SETTINGS[case]
    Path("campaigns.toml").write_text(content + "\n")
    Path("live.yaml").write_text(LIVE)
    said = cli("--json", "run", "live.yaml")
    assert (said.code, said.out) == (2, "")
    assert place in said.err
    assert mend in said.err


def test_the_database_of_another_program_is_left_alone(cli, folder):
    other = sqlite3.connect("other.db")
    other.execute("CREATE TABLE theirs (a)")
    other.commit()
    other.close()
    before = Path("other.db").read_bytes()
    for words in (["run", "small.yaml"], ["status"]):
        said = cli("--db", "sqlite:///other.db", *words)
        assert (said.code, "belongs to another program" in said.err) == (2, True)
    assert Path("other.db").read_bytes() == before


def test_a_text_is_no_database(cli, folder):
    Path("text.db").write_text("hello")
    said = cli("--db", "sqlite:///text.db", "run", "small.yaml")
    assert (said.code, "text.db" in said.err) == (2, True)


def test_a_report_that_cannot_be_written_takes_nothing_from_the_run(cli, folder):
    Path("small.html").mkdir()
    said = cli("run", "small.yaml", "--json")
    assert (said.code, said.data["report"], said.data["state"]) == (0, None, "finished")
    again = cli("run", "small.yaml")
    assert "the report small.html cannot be written" in again.out


def test_a_folder_that_cannot_be_written_is_named(cli, folder, monkeypatch):
    monkeypatch.chdir("/proc/self")  # nobody can write there, not even root
    said = cli("--json", "run", folder / "small.yaml")
    assert (said.code, said.out) == (2, "")
    assert "campaigns-simulated.db" in said.err


@pytest.mark.row("I1")
def test_rubbish_rows_lose_no_good_row(cli, folder):
    rubbish = [
        "",
        ",,",
        "7,No Phone,",
        "8,Letters,abc",
        "9,Rounded,4.42E+11",
        "a,b,c,d,e,f",
        "10,Short,12",
        '11,"quoted,x',
    ]
    good = [f"{n},Person {n},020 7946 {n:04}" for n in range(1, 7)]
    mixed = [line for pair in zip(good, rubbish, strict=False) for line in pair]
    Path("people.csv").write_text("\n".join(["Id,Name,Mobile", *mixed, *rubbish[6:]]) + "\n")
    said = cli("run", "small.yaml", "--json")
    contacts = said.data["contacts"]
    assert contacts["leads"] == 6
    assert contacts["invalid"] > 0
    assert contacts["read"] == sum(count for word, count in contacts.items() if word != "read")
    assert {row["lead"] for row in cli("leads", "small", "--json").data} == {str(n) for n in range(1, 7)}
    assert "bad row" in cli("run", "small.yaml").out


def test_every_row_is_counted_once(cli, folder):
    more = "1,Person 1 again,020 7946 0001\n8,Excluded,020 7946 0008\n9,Suppressed,020 7946 0009\n10,Bad,abc\n"
    with Path("people.csv").open("a") as file:
        file.write(more)
    Path("out.csv").write_text("Id\n8\n")
    changed("timezone:", "exclude: [{file: out.csv, columns: {id: Id}}]\ntimezone:")
    cli("run", "small.yaml", "--limit", "1", "--db", "sqlite:///s.db")
    cli("suppress", "add", "+442079460009", "--db", "sqlite:///s.db")
    contacts = cli("run", "small.yaml", "--fresh", "--json", "--db", "sqlite:///s.db").data["contacts"]
    assert contacts == {"read": 10, "leads": 6, "invalid": 1, "duplicate": 1, "suppressed": 1, "excluded": 1}


def test_settings_come_from_the_environment_too(cli, folder, monkeypatch):
    monkeypatch.setenv("CAMPAIGNS_DATABASE", "sqlite:///env.db")
    assert cli("run", "small.yaml", "--json").code == 0
    assert Path("env.db").exists()
    assert "CAMPAIGNS_DATABASE" in os.environ


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('routes = {plce = "/calls"}', "[providers.far] routes.plce"),
        ('facts = {ended_reason = {x = "busy"}}', "[providers.far] facts.ended_reason"),
    ],
)
def test_a_correction_that_corrects_nothing_is_found_before_anybody_is_asked(cli, folder, line, told):
    Path("campaigns.toml").write_text(f"{FAR}{line}\n")
    Path("live.yaml").write_text(LIVE)
    said = cli("validate", "live.yaml")
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert "Did you mean" in said.err
