"""`explain` and the reasons in `status`, as they are printed."""

import re
from pathlib import Path

import pytest

from campaigns.cli.listing import MOST_REASONS, waiting_lines


@pytest.fixture(autouse=True)
def _no_law(folder):
    with Path("small.yaml").open("a") as file:
        file.write('legal_hours: {off: "made-up people"}\n')


def test_explain_answers_first_and_then_shows_every_rule_those_that_forbid_in_front(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    said = cli("explain", "small", "6")
    assert said.code == 0
    first, *lines = said.out.splitlines()
    assert re.match(r"6: (May be called now, on \+442\*+06, until|Not now: )", first)
    assert "the campaign is paused: nobody is called until it goes on." in first
    assert re.search(r"^  now +Mon 23 Nov 2026 \d\d:\d\d Europe/London$", said.out, re.MULTILINE)
    assert re.search(r"^  attempts +none yet$", said.out, re.MULTILINE)
    for rule in ("suppression: not on", "contacts: the next call goes to", "attempts.max: 0 of 2 attempts made"):
        assert any(re.match(rf"  allows +{re.escape(rule)}", line) for line in lines), rule
    marks = [line.split()[0] for line in lines if line.split()[0] in ("allows", "forbids")]
    assert marks == sorted(marks, reverse=True)
    assert "2079460" not in said.out


def test_explain_as_json_has_every_rule_every_zone_and_every_attempt(cli, folder):
    cli("run", "small.yaml", "--json")
    (one,) = cli("explain", "small", "1", "--json").data
    assert set(one) >= {"lead", "state", "outcome", "now", "next_at", "verdict", "zones", "attempts", "rules"}
    assert [zone["zone"] for zone in one["zones"]] == ["Europe/London"]
    assert one["attempts"][0]["phone"] == "+442*******01"
    assert {"rule", "ok", "reason", "until", "source"} == set(one["rules"][0])
    assert one["next_at"] is None


def test_who_is_ready_is_not_told_to_wait_for_what_is_over(cli, folder):
    cli("run", "small.yaml", "--limit", "1")
    waiting = cli("status", "small", "--json").data["waiting"]
    assert (
        sum(group["leads"] for group in waiting)
        == cli("run", "small.yaml", "--limit", "1", "--json").data["outcomes"]["open"] + 1
    )
    assert {"leads": 5, "reason": "", "rule": "", "next_at": None, "due": ""} in waiting


def test_status_shows_the_largest_groups_and_counts_the_others():
    groups = [
        {"leads": 100 - n, "reason": "outside legal hours", "rule": f"row-{n}", "due": f"2026-11-{n + 1:02} 09:00Z"}
        for n in range(MOST_REASONS + 3)
    ]
    lines = waiting_lines(groups)
    assert len(lines) == MOST_REASONS + 1
    assert lines[0] == "100: outside legal hours (row-0), the first from 2026-11-01 09:00Z"
    assert lines[-1] == "261: 3 other reasons, the first from 2026-11-13 09:00Z"
    assert waiting_lines(groups[:2]) == lines[:2]
    assert waiting_lines([{"leads": 3, "reason": "", "rule": "", "due": ""}]) == ["3: ready to be called"]
