"""The README says what is so: its commands run, its files are valid, its words are the code's."""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from enum import StrEnum
from pathlib import Path
from urllib.request import urlopen

import pytest
import readme
from command_tree import check, commands

from campaigns.cli.main import run
from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.files import parse_campaign
from campaigns.settings import read_settings

ROOT = readme.ROOT
PLAYED = (
    "pip install . && campaigns run sample_campaigns/dentist-reminders/campaign.yaml",
    "campaigns status dentist-reminders",
    "campaigns leads dentist-reminders --outcome exhausted",
    "campaigns explain dentist-reminders +31200000012",
    "campaigns report dentist-reminders --out results.xlsx",
    "campaigns init my-campaign",
    "campaigns validate my-campaign/campaign.yaml",
    "campaigns plan my-campaign/campaign.yaml --plot my-campaign/plan.png",
    "campaigns run my-campaign/campaign.yaml",
)
"""Run below, one after the other, as a new user would."""
ELSEWHERE = {
    "campaigns --settings sample_campaigns/callbell-callbacks/campaigns.toml run "
    "sample_campaigns/callbell-callbacks/campaign.yaml": "tests/test_system_samples.py",
    "API=http://127.0.0.1:8710/api": "tests/api/test_readme.py",
    "TOKEN=$(campaigns token add crm --role operate)": "tests/api/test_readme.py",
}
"""Line → where a test runs it."""
SERVED = "campaigns dashboard"
BACKUP = "campaigns backup campaigns-backup.db"
COMPOSE = (
    "cd campaigns/data/deploy",
    'echo "CAMPAIGNS_HOST=calls.example.org" > .env',
    "echo \"POSTGRES_PASSWORD=$(python3 -c 'import secrets; print(secrets.token_hex(16))')\" >> .env",
    "echo \"CAMPAIGNS_HASH_KEY=$(python3 -c 'import secrets; print(secrets.token_hex(32))')\" >> .env",
)
"""Run by `test_deploy.py`."""
FLEET = (
    "createdb -h db.example.org -U campaigns campaigns",
    "python -c 'import secrets; print(secrets.token_hex(32))'",
    "campaigns doctor",
    "campaigns start campaign.yaml --yes",
    "campaigns worker",
    "campaigns status",
)
"""Run by `test_the_readmes_way_to_many_machines`."""
_ROOTS = "it changes the machine as root; `test_deploy.py` holds the unit's paths against these lines"
_DOCKER = "it needs a container engine and its registry; `test_deploy.py` runs what the image runs"
NOT_RUN = {
    "pip install '.[dev]' && pytest": "it is this run; `.ci/run` begins with it",
    "export FLIREO_API_KEY=…": "it is a secret of yours",
    "pip install --upgrade .": "it asks the package registry; `.ci/run` installs in the same way",
    "sudo useradd --system --home-dir /var/lib/campaigns --shell /usr/sbin/nologin campaigns": _ROOTS,
    "sudo python3 -m venv /opt/campaigns && sudo /opt/campaigns/bin/pip install .": _ROOTS,
    "sudo install -d -m 0755 /etc/campaigns && sudo install -m 0640 -g campaigns campaigns.toml "
    "/etc/campaigns/campaigns.toml": _ROOTS,
    "sudo install -m 0600 secrets.env /etc/campaigns/secrets.env": _ROOTS,
    "sudo cp campaigns/data/deploy/campaigns.service /etc/systemd/system/": _ROOTS,
    "sudo systemctl daemon-reload && sudo systemctl enable --now campaigns": _ROOTS,
    "cd /var/lib/campaigns && sudo -u campaigns /opt/campaigns/bin/campaigns --settings /etc/campaigns/campaigns.toml "
    "status": _ROOTS,
    "install -d campaigns && sudo chown 10001 campaigns": _ROOTS,
    "docker compose up -d --build": _DOCKER,
    "docker compose exec worker campaigns doctor": _DOCKER,
    "pip install '.[bench,fast]' && python tests/bench --json figures.json": "it measures for an hour",
    "pytest tests/faults": "it is a part of this run",
    "pytest tests --long --figures figures.jsonl": "it takes hours",
    "python tests/faults/table.py figures.jsonl": "`tests/faults/test_rows.py` tries it",
    "python tests/bench calls pace --quick --only SQLite": "it measures for minutes, on a machine with nothing to do",
}
"""Line → why no test runs it."""


def test_every_command_is_run_by_a_test_or_listed_with_the_reason_why_not():
    known = {*PLAYED, SERVED, BACKUP, *COMPOSE, *FLEET, *ELSEWHERE, *NOT_RUN}
    written = {line for line in readme.shell_lines() if not line.startswith("curl ")}  # those: tests/api/test_readme.py
    assert written - known == set(), "run it in a test, or list it above"
    assert known - written == set(), "the README no longer says this"


def test_every_block_says_what_language_it_is_in():
    assert {block.language for block in readme.blocks()} <= {"sh", "yaml", "toml", "json", "python", "mermaid"}


def a_shell(line, **more):
    """What a shell answers here, with the Python of this environment first in its path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, **more}
    return subprocess.run(["sh", "-ec", line], capture_output=True, text=True, timeout=120, check=False, env=environ)


@pytest.fixture
def cli(capsys):
    """What a line that begins with `campaigns` answers: its code, and what it prints."""

    def say(line):
        capsys.readouterr()
        code = run(shlex.split(line)[1:])
        return code, "".join(capsys.readouterr())

    return say


def test_a_new_user_gets_from_the_first_command_to_a_campaign_of_their_own(tmp_path, cli):
    shutil.copytree(ROOT / "sample_campaigns", tmp_path / "sample_campaigns")
    said = {}
    for line in PLAYED:
        code, said[line] = cli(line.removeprefix("pip install . && "))
        assert code in (0, 1), said[line]
    for line, hint in zip(PLAYED, ("dentist-reminders.html", "reached", "attempts made", "Amsterdam"), strict=False):
        assert hint in said[line]
    for name in ("dentist-reminders.html", "results.xlsx", "my-campaign/plan.png"):
        assert Path(name).stat().st_size > 5_000


def test_the_dashboard_lets_in_whoever_has_the_link_that_it_prints(cli):
    assert cli("campaigns init . --yes")[0] == 0
    assert cli("campaigns run campaign.yaml")[0] == 0
    code = "import sys; from campaigns.cli.main import main; main(sys.argv[1:])"
    words = [sys.executable, "-c", code, *SERVED.split()[1:], "--port", "0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        link = next(found[0] for line in process.stderr if (found := re.search(r"http://127\S+", line)))
        with urlopen(link, timeout=60) as answer:  # noqa: S310 - loopback
            assert answer.status == 200
        process.terminate()
        process.stderr.read()


def test_the_backup_of_a_database_in_a_file_knows_whom_it_must_not_call(cli):
    cli("campaigns suppress add +442079460123")
    assert cli(BACKUP)[0] == 0
    _, said = cli("campaigns --db sqlite:///campaigns-backup.db suppress add +442079460123")
    assert "was already on" in said


@pytest.mark.parametrize("line", sorted({line for line in readme.shell_lines() if "campaigns " in line}))
def test_every_command_line_is_one_that_the_program_takes(line):
    for part in re.split(r" && |; ", line):
        if part.startswith("campaigns "):
            check(part)


@pytest.mark.parametrize("span", sorted({span for span in readme.spans() if re.match(r"campaigns [a-z-]", span)}))
def test_every_command_in_the_text_is_one_that_the_program_has(span):
    try:
        check(span.replace("…", "442079460123"))
    except Exception as error:  # whatever the parser raises: a mention names a command and leaves out its arguments
        if "Missing" not in str(error):
            raise


def test_the_table_of_commands_has_every_command():
    table = readme.TEXT.partition("\n## Commands\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"[a-z]+", " ".join(re.findall(r"`([^`]+)`", table))))
    missing = [" ".join(words) for words, command in commands() if not command.hidden and not named.issuperset(words)]
    assert missing == []


def settings_blocks():
    return [block for block in readme.blocks() if block.language == "toml"]


@pytest.mark.parametrize("block", settings_blocks(), ids=lambda block: block.section)
def test_settings_are_such_as_the_program_reads(block, tmp_path):
    file = tmp_path / "campaigns.toml"
    file.write_text(block.text.replace("https://…", "https://api.flireo.example/v1"))
    named = re.findall(r'env = "(\w+)"', block.text)
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert read_settings(file, environ=dict.fromkeys(named, secret))
    assert tomllib.loads(file.read_text())


BASE = {
    "campaign": "campaign: readme", "purpose": "purpose: informational",
    "calling_hours": 'calling_hours: "Mo-Fr 09:00-17:00"',
    "contacts": "contacts: [{file: people.csv, columns: {phone: Mobile}}]",
}  # fmt: skip


@pytest.mark.parametrize(
    "block", [b for b in readme.blocks() if b.language == "yaml" and "scrape_configs" not in b.text],
    ids=lambda block: block.section,
)  # fmt: skip
def test_campaign_files_are_such_as_the_program_reads(block):
    rest = [line for key, line in BASE.items() if not re.search(rf"(?m)^{key}:", block.text)]
    assert parse_campaign("\n".join([*rest, block.text]), name="README.md")


@pytest.mark.parametrize(
    "block", [b for b in readme.blocks() if b.language == "python"], ids=lambda block: block.section
)
def test_python_is_python(block):
    compile(block.text, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_the_diagram_of_moves_is_the_table_of_moves():
    (block,) = [block for block in readme.blocks() if block.language == "mermaid"]
    assert block.text == readme.diagram(), "`python tests/readme.py` prints the right one"


WORDS: dict[str, type[StrEnum]] = {
    "**An attempt** is one of:": AttemptState,
    "and ends with a disposition:": Disposition,
    "**A lead** is one of:": LeadState,
    "and closes with an outcome:": Outcome,
    "**A campaign** is one of:": CampaignState,
}


@pytest.mark.parametrize("title", WORDS)
def test_the_words_are_the_codes_own(title):
    table = readme.TEXT.partition(f"\n{title}\n\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \| \S", table, re.MULTILINE) == [str(word) for word in WORDS[title]]


def test_links_within_lead_somewhere():
    headings = re.findall(r"^#+ (.+)$", readme.TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", readme.TEXT)) <= anchors


def test_files_that_are_named_are_there():
    named = {span for span in readme.spans() if re.fullmatch(r"(campaigns|tests|sample_campaigns|\.ci)/[\w./-]+", span)}
    named = {name for name in named if "VENDOR" not in name}
    assert len(named) > 5
    assert [name for name in sorted(named) if not (ROOT / name).exists() and not (ROOT / f"{name}.py").exists()] == []
    assert [name for name in ELSEWHERE.values() if not (ROOT / name).exists()] == []
