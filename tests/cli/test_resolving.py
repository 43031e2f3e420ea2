"""A person's word on uncertain attempts."""

import pytest


def uncertain(cli):
    return cli("attempts", "doubtful", "--state", "uncertain", "--json").data


def lead(cli, key):
    return next(row for row in cli("leads", "doubtful", "--json").data if row["lead"] == key)


def test_held_leads_say_that_they_wait_for_a_word(cli, doubts):
    assert len(uncertain(cli)) == 2
    said = cli("explain", "doubtful", "k0")
    assert "Waits for your word" in said.out
    assert cli("status", "doubtful", "--json").data["leads"] == {"held": 2, "closed": 1}


@pytest.mark.parametrize(
    ("words", "state", "outcome"),
    [
        (["--called", "answered"], "closed", "reached"),
        (["answered", "--called"], "closed", "reached"),
        (["--called"], "waiting", None),
        (["--called", "no_answer"], "waiting", None),
        (["--called", "busy"], "waiting", None),
        (["--not-called"], "waiting", None),
        (["--drop"], "closed", "stopped"),
    ],
)
def test_each_word_settles_the_attempt_and_its_lead_follows(cli, doubts, words, state, outcome):
    first = uncertain(cli)[0]
    said = cli("resolve", first["attempt"][:8], *words, "--json")
    assert (said.code, said.data) == (0, {"resolved": [first["attempt"]]})
    assert (lead(cli, first["lead"])["state"], lead(cli, first["lead"])["outcome"]) == (state, outcome)
    assert len(uncertain(cli)) == 1


def test_a_resolved_attempt_is_dated_on_the_campaigns_own_time(cli, doubts):
    first = uncertain(cli)[0]
    cli("resolve", first["attempt"], "--called")
    row = next(row for row in cli("attempts", "doubtful", "--json").data if row["attempt"] == first["attempt"])
    assert row["ended_at"].startswith("2026-11-23T")


def test_all_resolves_everything_that_is_old_enough(cli, doubts):
    assert cli("resolve", "--all", "--older-than", "1d", "--drop", "--json").data == {"resolved": []}
    said = cli("resolve", "--all", "--older-than", "30m", "--called", "answered")
    assert said.out == "2 attempts resolved; run the campaign again to go on\n"
    assert uncertain(cli) == []


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["--drop"], "Name one attempt, or write --all"),
        (["abc", "--all", "--drop"], "Name one attempt, or write --all"),
        (["abc"], "Say one of --called, --not-called, --drop"),
        (["abc", "--called", "--drop"], "Say one of"),
        (["zzz", "--drop"], "No uncertain attempt begins with 'zzz'"),
        (["abc", "answered", "--drop"], "Write it with --called"),
        (["abc", "--called", "perhaps"], "perhaps"),
        (["--all", "--older-than", "long", "--drop"], "not a duration"),
    ],
)
def test_a_word_that_is_not_clear_changes_nothing(cli, doubts, words, hint):
    said = cli("resolve", *words, "--json")
    assert (said.code, said.out) == (2, "")
    assert hint in said.err
    assert len(uncertain(cli)) == 2
