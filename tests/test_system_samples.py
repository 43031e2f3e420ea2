"""The samples over other systems, each played by one command against the built-in simulators."""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from once import made_once

from campaigns.cli.main import run
from campaigns.files import load_campaign

SAMPLES = Path(__file__).parents[1] / "sample_campaigns"
NAMES = ("callbell-callbacks", "callab-second-try", "clinic-over-hmsovereign")


@pytest.fixture
def played(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each sample's folder, exit code and summary; played when it is first asked for."""

    def play(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[Path, int, Any]:
        def make(folder: Path) -> None:
            shutil.copytree(SAMPLES / name, folder / name)
            words = ["--settings", str(folder / name / "campaigns.toml"), "--db", f"sqlite:///{folder}/played.db"]
            capsys.readouterr()
            code = run(["--json", *words, "run", str(folder / name / "campaign.yaml")])
            (folder / "said.json").write_text(json.dumps([code, json.loads(capsys.readouterr().out)]))
            Path(f"{name}.html").rename(folder / "report.html")  # out of the folder of the test that came first

        folder = made_once(tmp_path_factory, f"{name}-over-its-system", make)
        code, summary = json.loads((folder / "said.json").read_text())
        return folder, code, summary

    return play


@pytest.mark.parametrize("name", NAMES)
def test_every_lead_of_a_sample_gets_an_outcome(name: str, played: Any, capsys: Any) -> None:
    folder, code, summary = played(name, capsys)
    outcomes = summary["outcomes"]
    assert (code, summary["state"]) == (0, "finished")
    assert outcomes["open"] == outcomes["held"] == 0
    assert outcomes["reached"] > 5
    assert sum(outcomes.values()) == summary["contacts"]["leads"] > 15
    ledger = [json.loads(line) for line in (folder / f"played.{name}.ledger.jsonl").read_text().splitlines()]
    ours = [call for call in ledger if call.get("direction") == "outbound"]
    assert len(ours) == summary["attempts"]["total"]


@pytest.mark.parametrize("name", NAMES)
def test_the_command_that_a_sample_names_is_the_one_that_plays_it(name: str) -> None:
    text, command = (SAMPLES / name / "campaign.yaml").read_text(), f"sample_campaigns/{name}/campaign"
    assert f"campaigns --settings {command}s.toml run {command}.yaml" in text
    assert load_campaign(SAMPLES / name / "campaign.yaml").campaign.campaign == name


@pytest.mark.parametrize("name", ["callbell-callbacks", "clinic-over-hmsovereign"])
def test_every_outcome_goes_back(name: str, played: Any, capsys: Any) -> None:
    folder, _, summary = played(name, capsys)
    leads = summary["contacts"]["leads"]
    assert summary["write_back"] == {"landed": leads, "waiting": 0, "unwritable": 0}
    assert f"Back to where the contacts came from: {leads} landed." in (folder / "report.html").read_text()


def test_the_outcomes_of_a_list_in_a_file_stand_beside_it(played: Any, capsys: Any) -> None:
    folder, _, summary = played("clinic-over-hmsovereign", capsys)
    with (folder / "clinic-over-hmsovereign" / "patients.outcomes.csv").open() as opened:
        rows = list(csv.DictReader(opened))
    assert len({row["key"] for row in rows}) == len(rows) == summary["contacts"]["leads"]
    assert {row["outcome"] for row in rows} == {name for name, count in summary["outcomes"].items() if count}


def test_nobody_real_stands_in_a_sample() -> None:
    text = "".join(path.read_text() for name in NAMES for path in (SAMPLES / name).iterdir())
    numbers = re.findall(r"\+?\d[\d ]{8,}\d", re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", text))
    assert numbers
    assert all(re.fullmatch(r"\+442079460\d{3}|020 7946 0\d{3}", number) for number in numbers)
