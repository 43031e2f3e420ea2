"""A budget at the command line: it stops the run, shows how far it is used, and goes on when it is raised."""

import json
from pathlib import Path


def with_budget(attempts: int) -> None:
    text = Path("small.yaml").read_text()
    kept = [line for line in text.splitlines() if not line.startswith("budget:")]
    Path("small.yaml").write_text("\n".join([*kept, f"budget: {{attempts: {attempts}}}", ""]))


def test_a_used_up_budget_pauses_the_run_and_a_raised_one_goes_on(cli, folder) -> None:
    with_budget(1)
    said = cli("run", "small.yaml")
    assert said.code == 3
    assert "the budget for attempts is used up (1 of 1 attempts)" in " ".join(said.out.split())
    name = json.loads(cli("--json", "status").out)[0]["campaign"]
    assert "1 of 1 attempts" in cli("status", name).out
    with_budget(2)
    again = json.loads(cli("run", "small.yaml", "--json").out)
    assert again["attempts"]["total"] == 2
    assert again["budget"] == "2 of 2 attempts"
