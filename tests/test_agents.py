"""What agents may ask and do: they look, and steer only where a person has switched it on."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

COMMAND = [sys.executable, "-c", "from campaigns.cli import main; main()"]
SAMPLE = Path(__file__).parents[1] / "sample_campaigns" / "dentist-reminders"
LOOKING = {"list_campaigns", "campaign_status", "explain", "plan", "foresee"}
STEERING = {"pause", "resume", "start", "stop"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a campaign of which six people were called."""
    folder = tmp_path_factory.mktemp("agents")
    shutil.copytree(SAMPLE, folder, dirs_exist_ok=True)
    said = subprocess.run(
        [*COMMAND, "run", "campaign.yaml", "--limit", "6", "--json"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 3, said.stderr
    return folder


def served(place: Path, *words: str) -> Client:
    command, *arguments = [*COMMAND, "mcp", *words]
    environment = {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    return Client(StdioServerParameters(command=command, args=arguments, cwd=str(place), env=environment))


async def said(client, tool, **arguments):
    """What a tool answers: (text, whether it is an error)."""
    result = await client.call_tool(tool, arguments)
    return "\n".join(part.text for part in result.content), result.is_error


async def test_an_agent_looks_and_cannot_steer(place) -> None:
    async with served(place) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == LOOKING
        assert all(tool.annotations.read_only_hint and tool.description for tool in tools.values())

        text, failed = await said(client, "list_campaigns")
        assert not failed
        campaign = json.loads(text)
        assert (campaign["name"], campaign["state"]) == ("dentist-reminders", "paused")

        status, _ = await said(client, "campaign_status", name="dentist-reminders")
        assert json.loads(status)["leads"] == campaign["leads"] > 6

        foreseen, _ = await said(client, "foresee", campaign="dentist-reminders", verb="stop")
        assert json.loads(foreseen)["allowed"] is True

        planned, failed = await said(client, "plan", file=str(place / "campaign.yaml"))
        assert not failed, planned
        assert json.loads(planned)["campaign"] == "dentist-reminders"

        _, refused = await said(client, "stop", campaign="dentist-reminders")
        assert refused


async def test_people_are_explained_with_their_numbers_masked(place) -> None:
    async with served(place, "--operate") as client:
        text, failed = await said(client, "explain", campaign="dentist-reminders", who="A26400")
        assert not failed, text
        assert json.loads(text)["verdict"]
        assert not re.search(r"\+\d{8}", text), "a number is masked"
        nobody, failed = await said(client, "explain", campaign="dentist-reminders", who="no such key")
        assert failed
        assert "no such lead" in nobody


async def test_an_agent_that_may_steer_says_who_it_is(place) -> None:
    async with served(place, "--operate") as client:
        tools = {tool.name: tool.annotations for tool in (await client.list_tools()).tools}
        assert set(tools) == LOOKING | STEERING
        assert [name for name, hints in tools.items() if hints.destructive_hint] == ["stop"]
        text, failed = await said(client, "resume", campaign="dentist-reminders")
        assert (json.loads(text)["state"], failed) == ("active", False)
        text, failed = await said(client, "pause", campaign="dentist-reminders")
        assert not failed, text
        status, _ = await said(client, "campaign_status", name="dentist-reminders")
        assert "agent" in json.loads(status)["reason"]


async def test_what_an_agent_gets_wrong_is_said_in_words_that_mend_it(place) -> None:
    async with served(place) as client:
        text, failed = await said(client, "campaign_status", name="dentist")
        assert failed
        assert "dentist-reminders" in text
        text, failed = await said(client, "plan", file=str(place / "none.yaml"))
        assert failed
        assert "none.yaml" in text
        text, failed = await said(client, "foresee", campaign="dentist-reminders", verb="explode")
        assert failed
        assert "pause" in text
