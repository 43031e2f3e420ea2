"""One person erased while a worker runs: not a byte of them is left in any file, and nothing brings them back."""

import http.client
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oracles
import pytest
from proving import Figure
from rig import PHONES, Plan, Rig, rig, signalled
from test_hard_run import SHORT
from test_worker import PATH, post, reports_of, until_listening, with_webhooks
from traces import files_in, spellings, traces

TALKED, REFUSED, DOUBTED = PHONES[7:10]
CANARIES = (TALKED, REFUSED, DOUBTED)
WORDS = ("Zelda", "Zonderl\u00e4nd", "Z-4711", "marmalade")
"""Their name, their id, and what they said."""
SAID = "I am Zelda Zonderl\u00e4nd and like marmalade"
CAMPAIGN = """
campaign: hard
purpose: informational
provider: foreign
agent: agent-1
contacts:
  - file: people.csv
    region: GB
    columns: {phone: Phone, id: Id, name: Name, consent: Consent, consent_proof: Proof}
variables: {note: "{{ row['Note'] }}", who: "{{ name }}"}
calling_hours: "24/7"
legal_hours: {off: "a provider on this machine, at any hour"}
timezone: Europe/London
pacing: {at_once: 40, per_second: 100}
write_back: true
attempts: {max: 1, per_day: 9, gap: 1s}
"""
OTHERS = (".csv", ".jsonl", "options.json", ".yaml", "settings.toml")
"""Files that are not the product's own: the lists that still name them, and those of the stand-in for the provider."""


def spared(file: Path) -> bool:
    return file.name.endswith(OTHERS)


def left(folder: Path) -> list[str]:
    """What is left of all three, in all files of the product: database, logs, and what lies beside them."""
    words = [*WORDS, *(spelt for phone in CANARIES for spelt in spellings(phone))]
    return traces(folder, words, spared=spared)


def write_files(one: Rig) -> None:
    """The campaign, and a list in which three people are to be looked for."""
    one.campaign.write_text(CAMPAIGN)
    rows = ["Phone,Id,Name,Note,Consent,Proof"]
    for n, phone in enumerate(one.phones):
        if phone in CANARIES:
            rows.append(f"{phone},Z-4711-{n},Zelda Zonderl\u00e4nd,likes marmalade,prior,Zelda wrote")
        else:
            rows.append(f"{phone},p{n},Person {n},likes tea,,")
    (one.folder / "people.csv").write_text("\n".join(rows) + "\n", "utf-8")


def until_all_is_known(one: Rig, within: float = 60) -> None:
    """Everybody is called, one of them refused, and of one nobody knows."""
    limit = time.monotonic() + within
    while {lead["state"] for lead in one.ask("leads", "hard")} != {"closed", "held"}:
        assert time.monotonic() < limit, one.ask("status", "hard")
        time.sleep(0.1)


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Rig]:
    """A worker that tells all it does, and three people of whom everything is known that can be known."""
    people = {phone[-7:]: SAID for phone in CANARIES}
    server = {
        "telling_ids": True, "words": people, "fates": {}, "bad": {REFUSED[-7:]: 422, DOUBTED[-7:]: 500},
    }  # fmt: skip
    port, options = with_webhooks(**{**SHORT, **server})
    plan = Plan(people=24, at_once=40, longest="8s", listen=port, public=True, server=options)
    with rig(tmp_path, plan) as one:
        write_files(one)
        worker = one.start("-v", "worker")
        until_listening(one, 60)
        one.ask("start", str(one.campaign), "--yes")
        until_all_is_known(one)
        yield one
        signalled(worker, signal.SIGTERM)
        assert one.ended(worker, 35) == 0, one.complained(worker)


def asked(one: Rig, token: str, path: str, **body: Any) -> Any:
    """What the API answers, once and for the whole day."""
    connection = http.client.HTTPConnection("127.0.0.1", one.plan.listen, timeout=10)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": f"k-{path}"}
    connection.request("POST", f"/api{path}", json.dumps(body).encode(), headers)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    assert answer.status == 200, told
    return told


def erased(one: Rig, phone: str) -> dict[str, Any]:
    """What a process of its own says that it has erased."""
    process = one.start("erase", phone, "--yes", "--json")
    assert one.ended(process) == 0, one.complained(process)
    (said,) = one.said(process)
    assert phone[-7:] not in json.dumps(said)
    return dict(said)


def told_everywhere(one: Rig) -> None:
    """People write about them, ask for them, and put them on lists by hand."""
    token = one.ask("token", "add", "crm", "--role", "operate")["token"]
    asked(one, token, "/suppressions", number=TALKED, scope="debt_collection", why="Zelda wrote to the API")
    asked(one, token, "/consents/withdraw", number=TALKED, why="Zelda rang the API")
    for phone in CANARIES:
        one.ask(
            "suppress",
            "add",
            phone,
            "--scope",
            "research",
            "--who",
            "Zelda's son",
            "--why",
            "Zelda Zonderl\u00e4nd wrote",
        )
        one.ask("consent", "withdraw", phone, "--why", "Zelda rang")


@pytest.mark.row("X4", "W3")
def test_not_a_byte_of_a_person_is_left_and_nothing_brings_them_back(told: Rig, figure: Figure) -> None:
    told_everywhere(told)
    found = left(told.folder)
    assert {word for word in WORDS if any(f": {word} as" in line for line in found)} == set(WORDS), (
        "it is looked for in vain"
    )
    calls = [call for call in oracles.made(told.ledger()) if call["phone"] in CANARIES]
    said = [erased(told, phone) for phone in CANARIES]
    assert left(told.folder) == []
    for one in said:
        assert any("people.csv" in line for line in one["left"]), one["left"]
    # A list that still names them, reports that come late, and the provider that is asked for its calls.
    one_more = told.start("start", str(told.campaign), "--yes", "--json")
    assert told.ended(one_more) == 0, told.complained(one_more)
    assert left(told.folder) == []
    for call in calls:
        for report in reports_of(call["call"], call["phone"]):
            late = {
                **report,
                "summaryText": SAID,
                "transcriptText": SAID,
                "analysis": {"structuredData": {"name": SAID}},
            }
            assert post(told, PATH, json.dumps(late).encode()) == 200
    assert left(told.folder) == []
    figure("X4", "bytes of erased people found", 0, people=3, files=files_in(told.folder, spared=spared))
    figure("W3", "erased people brought back", 0, reports=5 * len(calls), lists=1)
