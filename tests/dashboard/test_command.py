"""`campaigns dashboard` as a person starts it: on a database that was played, with a link, until it is told to stop."""

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.system

COMMAND = [sys.executable, "-c", "from campaigns.cli import main; main()"]
SAMPLE = Path(__file__).parents[2] / "sample_campaigns" / "dentist-reminders" / "campaign.yaml"


def test_the_command_shows_a_played_database_lets_one_in_and_ends_at_once(tmp_path: Path) -> None:
    subprocess.run([*COMMAND, "run", str(SAMPLE)], cwd=tmp_path, check=True, capture_output=True)
    command = [*COMMAND, "dashboard", "--port", "0"]
    with (
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)  # where something is not as it should be
        assert process.stderr is not None
        assert "campaigns-simulated.db" in process.stderr.readline()
        link = process.stderr.readline().strip()
        address, _, secret = link.partition("/login?once=")
        with httpx.Client(base_url=address, timeout=60, headers={"accept": "text/html"}) as web:
            assert web.get("/").status_code == 303
            assert web.get("/healthz").json() == {"status": "ok"}
            assert web.get("/api/campaigns").status_code == 401
            entered = web.post("/login", data={"secret": secret}, headers={"origin": address})
            assert entered.headers["location"] == "/"
            assert "<title>Campaigns" in web.get("/").text  # what it shows then, the pictures of the README show
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_beyond_this_machine_nothing_is_shown_while_nobody_is_named_who_may_see_it(tmp_path: Path) -> None:
    (tmp_path / "campaigns.toml").write_text('listen = "0.0.0.0:0"\ndatabase = "sqlite:///here.db"\n')
    makes_it = [*COMMAND, "suppress", "add", "+442079460123", "--why", "asked"]
    subprocess.run(makes_it, cwd=tmp_path, check=True, capture_output=True)
    told = subprocess.run(
        [*COMMAND, "dashboard", "--port", "0"], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert told.returncode == 2
    assert "campaigns token add" in told.stderr
