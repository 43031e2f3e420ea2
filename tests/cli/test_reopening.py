"""`leads reopen`: those who are meant wait again, and `leads NAME` lists as ever."""

import pytest


def outcomes(cli):
    return cli("status", "small", "--json").data["outcomes"]


def test_closed_leads_wait_again_and_are_called_once_more(cli, played):
    before = outcomes(cli)
    said = cli("leads", "reopen", "small", "--where", "outcome=reached", "--json")
    assert (said.code, said.data) == (0, {"campaign": "small", "reopened": before["reached"]})
    assert before["reached"] > 0
    assert cli("status", "small", "--json").data["leads"]["waiting"] == before["reached"]
    made = len(cli("attempts", "small", "--json").data)
    assert cli("run", "small.yaml", "--json").code == 0
    assert len(cli("attempts", "small", "--json").data) > made
    assert sum(outcomes(cli).values()) == sum(before.values())


def test_one_lead_is_reopened_by_its_key_and_the_rest_stays(cli, played):
    said = cli("leads", "reopen", "small", "--where", "lead=3")
    assert said.out == "small: 1 lead waits again; it is finished: start or run it again to go on\n"
    assert [row["lead"] for row in cli("leads", "small", "--state", "waiting", "--json").data] == ["3"]
    assert cli("leads", "reopen", "small", "--where", "lead=3").out == "small: 0 leads wait again\n"


@pytest.mark.parametrize("words", ["small --limit 2", "--limit 2 small", "list small --limit 2"])
def test_a_name_after_leads_lists_wherever_the_options_stand(cli, played, words):
    assert len(cli("leads", *words.split(), "--json").data) == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ((), "--where"),
        (("--where", "outcome=tired"), "There are: reached, refused"),
        (("--where", "exhausted"), "outcome=exhausted"),
        (("--where", "name=Ann"), "outcome=exhausted"),
        (("--where", "outcome="), "outcome=exhausted"),
        (("--where", "outcome=do_not_call"), "never called again"),
        (("--where", "outcome=reached", "--attempts", "0"), "attempts"),
    ],
)
def test_what_is_not_clear_reopens_nobody(cli, played, words, hint):
    said = cli("leads", "reopen", "small", *words)
    assert (said.code, hint in said.err) == (2, True), said.err
    assert "waiting" not in cli("status", "small", "--json").data["leads"]
