"""Every call that the README shows is made as it stands there."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.api import Pace
from campaigns.desk.access import Role

README = Path(__file__).parents[2] / "README.md"
NAMES = {"dentist-reminders": "waiting", "@campaign.yaml": "@waiting.yaml", "@appointments.csv": "@people.csv"}


def calls() -> list[str]:
    section = README.read_text("utf-8").split("\n### API\n")[1].split("\n### ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [line for line in block.splitlines() if line.startswith("curl ")]


async def made(client: httpx.AsyncClient, call: str, folder: Path) -> httpx.Response:
    """What curl would send."""
    words = iter(shlex.split(call)[1:])
    method, address, files, rest = "", "", list[Any](), dict[str, Any]()
    headers: dict[str, str] = {}
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = next(words)
        elif word == "--json":
            rest["json"] = json.loads(next(words))
        elif word == "-F":
            field, _, name = next(words).partition("=@")
            files.append((field, (name, (folder / name).read_bytes())))
        elif word.startswith("-"):
            assert word in ("-N", "-O"), word
        else:
            address = word
    method = method or ("POST" if files or rest else "GET")
    return await client.request(method, address, headers=headers, files=files or None, **rest)


def test_the_readme_shows_some():
    assert len(calls()) >= 8


@pytest.mark.parametrize("call", calls())
async def test_a_call_of_the_readme_works(serve, played, call):
    async with serve(Pace(longest=0.1)) as served, served.client(None) as client:
        for name, ours in {**NAMES, "$API": "http://here/api", "$TOKEN": served.secrets[Role.OPERATE]}.items():
            call = call.replace(name, ours)
        answer = await made(client, call, played)
        assert answer.is_success, answer.text
