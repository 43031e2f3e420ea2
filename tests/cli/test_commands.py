"""Every command once: what it answers, as text and as JSON, and its exit code."""

import json
import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from campaigns.cli.main import run

OUTCOMES = {
    "reached", "refused", "exhausted", "do_not_call", "bad_number", "wrong_person", "blocked", "expired", "stopped",
    "held", "open",
}  # fmt: skip
DISPOSITIONS = {"answered", "voicemail", "no_answer", "busy", "declined", "bad_number", "failed", "unknown"}
COMMANDS = (
    "init", "validate", "run", "plan", "start", "pause", "resume", "stop", "worker", "call", "status", "leads",
    "attempts", "explain", "resolve", "report", "simulator", "doctor", "schema", "providers", "suppress add",
    "suppress remove", "suppress import", "suppress list", "rules", "rules suspend", "rules resume", "consent list",
    "consent withdraw", "archive", "erase", "leads reopen", "token add", "token revoke", "token list",
    "dashboard", "mcp", "backup", "restore", "adopt", "journal",
)  # fmt: skip


def a_process(*words):
    """A command that runs until it is told to stop."""
    code = "import sys; from campaigns.cli.main import main; main(sys.argv[1:])"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    )


def stopped(process):
    """Its exit code after SIGTERM, and all that it said on stderr."""
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=30)[1]
    return process.returncode, said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(cli, command):
    said = cli(*command.split(), "--help")
    assert said.code == 0
    assert f"Example: campaigns {command}" in said.out


def test_the_help_lists_every_command(cli):
    said = cli("--help")
    listed = set(re.findall(r"^│ (\w+)  ", said.out, re.MULTILINE))
    assert listed == {command.split()[0] for command in COMMANDS}


def test_the_settings_that_init_writes_are_read_with_every_comment_taken_out(cli):
    cli("init", ".")
    settings = Path("campaigns.toml")
    settings.write_text(re.sub(r"^# (?=\w+ = |\[)", "", settings.read_text(), flags=re.MULTILINE))
    os.environ["FLIREO_API_KEY"] = "k"
    try:
        assert "flireo" in cli("providers").out
    finally:
        del os.environ["FLIREO_API_KEY"]


def test_validate_shows_the_week_as_it_was_understood_and_calls_nobody(cli, folder):
    said = cli("validate", "small.yaml")
    assert said.code == 0
    assert re.search(r"Mon 23 Nov +09:00-12:30, 13:30-17:30", said.out)
    assert re.search(r"Sat 28 Nov +closed", said.out)
    assert "6 rows read, 6 good, 0 bad" in said.out
    assert said.out.count("not legal advice") == 1
    assert [path.name for path in folder.iterdir() if ".db" in path.name] == []


def test_validate_shows_what_the_law_leaves_and_the_duties_of_the_voice(cli, folder):
    text = Path("small.yaml").read_text().replace("13:30-17:30", "13:30-21:00").replace("region: GB", "region: NL")
    Path("small.yaml").write_text(text.replace("informational", "telemarketing").replace("Europe/London", "contact"))
    Path("people.csv").write_text("Id,Name,Mobile\n1,Ann,+442079460001\n2,Bo,+31200000001\n3,Cy,+31200000002\n")
    said = cli("validate", "small.yaml")
    assert re.search(r"Mon 23 Nov +09:00-12:30, 13:30-21:00\n", said.out)
    assert "zones       3 have one" in said.out
    assert "rows        eu-ai-disclosure 2, nl-telemarketing 2, gb-telemarketing 1" in said.out
    assert "say at the start, in the language of the call, that it is an AI (2 of 3)" in said.out
    assert "2 of 3 will not be called: prior consent is needed (" in said.out
    assert "consent: {basis: prior, proof: …}" in said.out
    Path("people.csv").write_text("Id,Name,Mobile\n1,Ann,+442079460001\n")
    assert re.search(
        r"Mon 23 Nov .*21:00  the law leaves: 09:00-12:30, 13:30-20:00\n", cli("validate", "small.yaml").out
    )
    (one,) = cli("validate", "small.yaml", "--json").data
    assert one["lawful"][0] == [["09:00", "12:30"], ["13:30", "20:00"]]
    assert one["law"]["rows"] == {"gb-telemarketing": 1}


def test_validate_as_json_has_one_entry_a_file(cli, folder):
    (one,) = cli("validate", "small.yaml", "--json").data
    assert one["campaign"] == "small"
    assert one["contacts"] == {"read": 6, "good": 6, "invalid": 0}
    assert one["week"][0] == {"date": "2026-11-23", "open": [["09:00", "12:30"], ["13:30", "17:30"]], "holiday": ""}


def test_validate_shows_the_public_holidays_of_a_year(cli, folder):
    text = Path("small.yaml").read_text()
    Path("small.yaml").write_text(text.replace("17:30", "17:30; PH off"))
    (one,) = cli("validate", "small.yaml", "--json").data
    days = [each["date"] for each in one["public_holidays"]]
    assert "2026-12-25" in days
    assert max(days) < "2027-11-23"


def test_run_ends_with_the_pinned_json(played):
    assert list(played) == ["campaign", "state", "contacts", "outcomes", "attempts", "report"]
    assert (played["campaign"], played["state"], played["report"]) == ("small", "finished", "small.html")
    assert set(played["contacts"]) == {"read", "leads", "invalid", "duplicate", "suppressed"}
    assert set(played["outcomes"]) == OUTCOMES
    assert set(played["attempts"]) == {"total", *DISPOSITIONS, "uncertain"}
    assert sum(played["outcomes"].values()) == played["contacts"]["leads"] == 6
    counted = sum(count for word, count in played["attempts"].items() if word != "total")
    assert played["attempts"]["total"] == counted
    assert Path("small.html").is_file()


def test_json_may_stand_before_or_after_the_command(cli, played):
    assert cli("--json", "run", "small.yaml").data == cli("run", "small.yaml", "--json").data == played


def test_run_says_what_was_used_and_which_law_was_applied(cli, folder):
    said = cli("run", "small.yaml")
    assert said.code == 0
    for word in ("contacts", "outcomes", "attempts", "database", "ledger", "report"):
        assert re.search(rf"^{word}  ", said.out, re.MULTILINE), word
    assert "campaigns-simulated.db\n" in said.out
    assert said.out.count("judged by the legal rules of 2026-11-20.") == said.out.count("not legal advice") == 1
    page = Path("small.html").read_text()
    assert page.count("not legal advice") == 1
    assert "gb-telemarketing; " in page
    assert "zones     6 have one" in said.err


def test_a_limited_run_pauses_says_what_is_left_and_is_gone_on_with(cli, folder):
    said = cli("run", "small.yaml", "--limit", "2")
    assert said.code == 3
    assert re.search(r"^to go on +campaigns run small.yaml$", said.out, re.MULTILINE)
    assert "no outcome yet" in said.out
    again = cli("run", "small.yaml", "--json")
    assert (again.code, again.data["state"], again.data["outcomes"]["open"]) == (0, "finished", 0)


def test_a_stopped_run_repeats_the_options_that_are_needed_to_go_on(cli, folder):
    said = cli("run", "small.yaml", "--limit", "1", "--db", "sqlite:///x.db")
    assert "campaigns --db sqlite:///x.db run small.yaml" in said.out


def test_a_fresh_run_begins_anew_and_comes_to_the_same(cli, played):
    ledger = Path("campaigns-simulated.small.ledger.jsonl")
    first = ledger.read_text()
    assert cli("run", "small.yaml", "--fresh", "--json").data == played
    assert ledger.read_text() == first


def test_virtual_time_begins_where_it_is_told_to(cli, folder):
    cli("run", "small.yaml", "--at", "2026-11-24T10:00Z", "--json")
    first = min(row["intent_at"] for row in cli("attempts", "small", "--json").data)
    assert first >= "2026-11-24T10:00"


def test_a_slowed_down_run_still_ends(cli, folder):
    said = cli("run", "small.yaml", "--speed", "100000", "--limit", "1", "--json")
    assert said.data["attempts"]["total"] == 1
    assert "note" in said.err


def test_status_tells_one_campaign_or_all(cli, played):
    assert cli("status", "small").out.startswith("small: finished")
    one = cli("status", "small", "--json").data
    assert (one["campaign"], one["state"], one["leads"]) == ("small", "finished", {"closed": 6})
    assert cli("status", "--json").data == [one]


def test_leads_have_the_pinned_keys_and_are_filtered(cli, played):
    rows = cli("leads", "small", "--json").data
    keys = ["lead", "person", "phone", "name", "state", "outcome", "label", "attempts", "next_at", "reason"]
    assert [list(row) for row in rows] == [keys] * 6
    assert sum(row["attempts"] for row in rows) == played["attempts"]["total"]
    reached = cli("leads", "small", "--outcome", "reached", "--json").data
    assert len(reached) == played["outcomes"]["reached"]
    assert cli("leads", "small", "--state", "waiting", "--json").data == []
    assert len(cli("leads", "small", "--limit", "2", "--json").data) == 2


def test_attempts_have_the_pinned_keys_and_are_filtered(cli, played):
    rows = cli("attempts", "small", "--json").data
    pinned = [
        "attempt", "lead", "ordinal", "phone", "provider", "call_id", "state", "disposition", "intent_at", "placed_at",
        "ended_at", "talk_seconds", "cost", "summary",
    ]  # fmt: skip
    assert all(list(row)[: len(pinned)] == pinned for row in rows)
    assert len(rows) == played["attempts"]["total"]
    answered = cli("attempts", "small", "--disposition", "answered", "--json").data
    assert len(answered) == played["attempts"]["answered"]


def test_tables_mask_numbers_and_keep_one_line_a_row(cli, played):
    for command, rows in (("leads", 6), ("attempts", played["attempts"]["total"])):
        said = cli(command, "small")
        assert len(said.out.splitlines()) == rows + 1
        assert "2079460" not in said.out


def test_explain_tells_a_closed_lead_on_its_own_clock(cli, played):
    said = cli("explain", "small", "1")
    assert re.match(r"1: Closed as \w+ on Mon 23 Nov 2026 \d\d:\d\d Europe/London: ", said.out)
    assert re.search(r"attempt 1 +Mon 23 Nov 2026 09:00 Europe/London, \+442\*+01: ", said.out)
    assert "2079460" not in said.out
    assert cli("explain", "small", "+442079460001").out == said.out


def test_explain_tells_a_waiting_lead_when_and_which_rule(cli, folder):
    rows = [f"{n},Person {n},020 7946 {n:04},2026-11-{23 if n < 6 else 25} 10:00" for n in range(1, 7)]
    Path("people.csv").write_text("\n".join(["Id,Name,Mobile,From", *rows]))
    text = Path("small.yaml").read_text()
    Path("small.yaml").write_text(text.replace("    region: GB\n", "    region: GB\n    call_from: From\n"))
    cli("run", "small.yaml", "--limit", "1")
    said = cli("explain", "small", "6")
    why = "too early for this person's deadline (contacts.call_from)"
    assert said.out.startswith(f"6: Not now: {why}. May be called from Wed 25 Nov 2026 10:00 Europe/London, in ")
    assert "paused: nobody is called until it goes on" in said.out
    (one,) = cli("explain", "small", "6", "--json").data
    assert one["next_at"] == "2026-11-25T10:00:00+00:00"


def test_report_writes_a_page_or_rows(cli, played):
    assert cli("report", "small", "--out", "r.html").code == 0
    assert "<!doctype html>" in Path("r.html").read_text()
    assert cli("report", "small", "--out", "r.csv", "--json").data == {"report": "r.csv"}
    assert len(Path("r.csv").read_text().splitlines()) == 7


def test_report_writes_a_workbook_and_columns_and_whole_numbers_only_where_they_are_asked_for(cli, played):
    for ending in ("xlsx", "parquet", "XLSX"):
        assert cli("report", "small", "--out", f"r.{ending}").code == 0
    assert Path("r.xlsx").read_bytes()[:2] == b"PK"
    assert Path("r.parquet").read_bytes()[:4] == b"PAR1"
    assert cli("report", "small", "--out", "masked.csv").code == 0
    assert cli("report", "small", "--out", "whole.csv", "--numbers").code == 0
    assert "+442079460" not in Path("masked.csv").read_text()
    assert "+442079460" in Path("whole.csv").read_text()


def test_call_places_one_call_to_yourself(cli, folder):
    said = cli("call", "+442079460009", "--as", "small.yaml")
    assert said.code == 0
    assert re.match(r"\+442\*+09: (answered|voicemail|no answer|busy|declined|bad number|failed)\n", said.out)
    data = cli("call", "+442079460004", "--as", "small.yaml", "--json").data
    assert data["attempts"]["total"] == 1


def test_whoever_must_not_be_called_gets_no_test_call_either(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    cli("suppress", "add", "+442079460009")
    said = cli("call", "+442079460009", "--as", "small.yaml")
    assert (said.code, "is on the do-not-call list" in said.err) == (2, True)


def test_pause_resume_and_stop_steer_a_campaign_from_anywhere(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    assert cli("resume", "small", "--json").data == {"campaign": "small", "state": "active"}
    assert cli("pause", "small").out == "small: paused\n"
    assert cli("start", "small").out == "small: active\n"
    assert cli("stop", "small").code == 0
    data = cli("status", "small", "--json").data
    assert data["state"] == "stopped"
    assert data["outcomes"]["stopped"] > 0
    refused = cli("pause", "small")
    assert (refused.code, "stopped, so it cannot become paused" in refused.err) == (2, True)


def test_suppress_keeps_who_said_what_and_why(cli, folder):
    added = cli("suppress", "add", "+442079460002", "--why", "asked by letter", "--who", "Ann", "--scope", "research")
    assert (added.code, added.out) == (0, "+442*******02 is on the do-not-call list (research)\n")
    assert "was already on" in cli("suppress", "add", "+442079460002", "--scope", "research").out
    entry = cli("suppress", "list", "--json").data[0]
    wanted = {"number": "+442*******02", "scope": "research", "who": "Ann", "why": "asked by letter", "proof": ""}
    assert entry | wanted == entry


def test_a_number_is_suppressed_for_trial_runs_and_for_real_ones(cli, folder):
    assert cli("suppress", "add", "+442079460002", "--json").data == {"added": 1}
    databases = [entry["database"] for entry in cli("suppress", "list", "--json").data]
    assert databases == ["campaigns.db", "campaigns-simulated.db"]
    contacts = cli("run", "small.yaml", "--json").data["contacts"]
    assert (contacts["suppressed"], contacts["leads"]) == (1, 5)
    assert cli("suppress", "remove", "+442079460002", "--json").data == {"removed": 1}
    assert cli("suppress", "remove", "+442079460002").code == 2
    assert cli("run", "small.yaml", "--json").data["contacts"]["leads"] == 6


def test_suppress_import_takes_every_row_or_none(cli, folder):
    said = cli("suppress", "import", "people.csv", "--column", "Mobile", "--region", "GB", "--json")
    assert said.data == {"read": 6, "added": 6}
    Path("bad.csv").write_text("phone\n+442079460011\nrubbish\n")
    refused = cli("suppress", "import", "bad.csv")
    assert (refused.code, "bad.csv:3" in refused.err) == (2, True)
    assert len(cli("suppress", "list", "--json").data) == 2 * 6


def test_schema_is_a_json_schema(cli):
    assert cli("schema").data["title"] == "Campaign"


def test_providers_are_the_simulator_the_kinds_and_those_of_the_settings(cli):
    Path("campaigns.toml").write_text(
        '[providers.mine]\nkind = "flireo"\nbase_url = "http://127.0.0.1:9"\napi_key = "k"\n'
    )
    rows = cli("providers", "--json").data
    assert {row["name"] for row in rows} >= {"simulator", "mine"}
    assert "mine" in cli("providers").out


def test_the_simulator_serves_until_it_is_told_to_stop(tmp_path):
    process = a_process("simulator", "--port", "0", "--ledger", str(tmp_path / "l.jsonl"))
    said = process.stderr.readline()
    assert re.search(r"on http://127\.0\.0\.1:\d+; Ctrl-C stops them", said)
    assert "`caller_ids` are +31200000001" in process.stderr.readline()
    assert process.stderr.readline() == "[lists.callbell]\n"
    code, rest = stopped(process)
    assert (code, rest.splitlines()[-1]) == (0, "Simulators stopped.")


def test_the_simulators_time_runs_as_fast_as_the_campaigns():
    process = a_process("simulator", "--port", "0", "--speed", "3600")
    try:
        address = re.search(r"on (http://[\d.:]+)", process.stderr.readline())[1]
        then, now = (said_at(f"{address}/hmsovereign/api/v1/health") for _ in range(2))
    finally:
        stopped(process)
    assert now > then > datetime.now(UTC), "a second is an hour there, and a question takes some of it"


def said_at(url):
    with urlopen(url) as answer:  # noqa: S310 - loopback
        return datetime.fromisoformat(json.load(answer)["timestamp"])


def test_a_worker_takes_up_what_start_brings_and_loses_nothing_when_stopped(cli, folder):
    Path("campaigns.toml").write_text(
        'listen = "127.0.0.1:0"\n[providers.loop]\nkind = "flireo"\nbase_url = "http://127.0.0.1:9"\napi_key = "k"\n'
    )
    text = CLOSED + Path("small.yaml").read_text().partition("\n")[2]
    Path("live.yaml").write_text(text.replace("starts: 2026-11-23\nends: 2026-11-27\n", "starts: 2099-01-01\n"))
    started = cli("start", "live.yaml", "--yes", "--json")
    assert started.data["state"] == "active"
    assert started.data["contacts"]["new"] == 6
    worker = a_process("worker")
    assert "listening on" in worker.stderr.readline()
    assert "Another process dials" in cli("worker").err
    code, said = stopped(worker)
    assert (code, "nothing is lost" in said) == (0, True)
    assert cli("status", "live", "--json").data["state"] == "active"


CLOSED = "campaign: live\nprovider: loop\nagent: a\n"


def test_start_without_yes_asks_and_nobody_is_there(cli, folder, monkeypatch):
    Path("campaigns.toml").write_text(
        '[providers.loop]\nkind = "flireo"\nbase_url = "http://127.0.0.1:9"\napi_key = "k"\n'
    )
    Path("live.yaml").write_text(CLOSED + Path("small.yaml").read_text().partition("\n")[2])
    said = cli("start", "live.yaml", "--json")
    assert (said.code, said.out, "--yes" in said.err) == (2, "", True)


def test_a_fault_of_the_program_is_no_answer_and_shows_nothing_private(cli, folder, capsys, monkeypatch):
    def broken(*_):
        raise KeyError("+442079460001")

    monkeypatch.setattr("campaigns.cli.running.run_campaign", broken)
    assert run(["run", "small.yaml", "--json"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "fault of the program itself: KeyError in test_commands.py:" in said.err
    assert "2079460001" not in said.err


def test_json_is_one_document(cli, played):
    for words in (["status"], ["leads", "small"], ["suppress", "list"], ["providers"], ["doctor"], ["schema"]):
        json.loads(cli(*words, "--json").out)
