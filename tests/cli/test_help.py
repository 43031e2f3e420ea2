"""Whoever asks for help gets it: every command has an example that works, and the shell completes what is typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_tree import check, commands

from campaigns.cli.main import command_line
from campaigns.domain.errors import InputError

TREE = {" ".join(words): command for words, command in commands()}
SAMPLES = Path(__file__).parents[2] / "sample_campaigns"


@pytest.mark.parametrize("command", TREE)
def test_every_command_and_group_has_an_example_that_the_program_understands(command):
    (example,) = re.findall(r"Example: (campaigns .+)", TREE[command].help)
    assert example.startswith(f"campaigns {command}")
    check(example.partition(" > ")[0])


@pytest.mark.parametrize("command", TREE)
def test_every_option_and_argument_says_what_it_is(command):
    silent = [param.name for param in TREE[command].params if not param.hidden and not (param.help or "").strip()]
    assert silent == []


def test_an_example_that_is_wrong_would_be_noticed():
    for line in (
        "campaigns valdate x.yaml",
        "campaigns run",
        "campaigns run x.yaml --fats",
        "campaigns suppress list x",
    ):
        with pytest.raises(Exception, match=r"No such|Missing|unexpected"):
            check(line)
    with pytest.raises(InputError):
        check("campaigns --db")


def test_help_shows_first_what_somebody_new_needs_first(cli):
    said = cli("--help").out
    assert re.findall(r"^│ (\w+) ", said, re.MULTILINE)[:4] == ["init", "validate", "plan", "run"]


MENDS = {
    "a command that is nearly one": (["valdate", "x.yaml"], "Did you mean 'validate'?"),
    "a file without a command": (["small.yaml"], "`campaigns run small.yaml`"),
    "a campaign that is nearly one": (["status", "smal"], "Did you mean small?"),
}


@pytest.mark.parametrize("case", MENDS)
def test_what_is_nearly_right_is_answered_with_what_was_meant(cli, played, case):
    words, hint = MENDS[case]
    said = cli(*words)
    assert (said.code, said.out) == (2, "")
    assert hint in said.err


def completed(*words, shell="bash"):
    """What the shell is offered at the end of the line, as the script that --show-completion prints asks for it."""
    line = " ".join(("campaigns", *words))
    code = "import sys; from campaigns.cli.main import main; sys.argv = ['campaigns']; main()"
    asked = {"_CAMPAIGNS_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    if shell != "bash":
        asked = {"_CAMPAIGNS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    said = subprocess.run(
        ["/usr/bin/env", *(f"{name}={value}" for name, value in asked.items()), sys.executable, "-c", code],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert said.stderr == ""
    return said.stdout.split()


def test_the_shell_completes_commands_options_and_words():
    assert completed("st") == ["start", "stop", "status"]
    assert completed("suppress", "") == ["add", "remove", "import", "list"]
    assert completed("run", "--fr") == ["--fresh"]
    assert completed("leads", "x", "--outcome", "do") == ["do_not_call"]
    assert {name.split()[0] for name in TREE} == set(completed(""))


def test_the_shell_completes_campaigns_that_there_are(played):
    assert completed("status", "") == ["small"]
    assert completed("--db", "sqlite:///none.db", "status", "") == []


def test_the_shell_completes_campaign_files_and_no_other_yaml(folder):
    Path("rules.yaml").write_text("rules: []\n")
    (folder / "sample_campaigns").symlink_to(SAMPLES)
    samples = [f"sample_campaigns/{path.parent.name}/campaign.yaml" for path in SAMPLES.glob("*/campaign.yaml")]
    assert completed("run", "") == [*sorted(samples), "small.yaml"]
    assert completed("plan", "sample_campaigns/d") == ["sample_campaigns/dentist-reminders/campaign.yaml"]
    assert completed("validate", "ru") == []


def test_a_command_that_is_being_completed_imports_no_other():
    code = (
        "import os, sys\nos.environ['_CAMPAIGNS_COMPLETE'] = 'complete_bash'\n"
        "from campaigns.cli.main import completion_line\nprint(len(completion_line(['st']).registered_commands))\n"
        "print(*(name for name in sys.modules if name.startswith('campaigns.app')))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    known = len(command_line().registered_commands) + len(command_line().registered_groups)
    assert said.stdout.split() == [str(known)]
