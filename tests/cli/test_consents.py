"""Consents at the command line: what lists said of a number, and taking it back."""

from pathlib import Path

from campaigns.domain.contact import Basis

SELLING = """\
campaign: selling
purpose: telemarketing
contacts: [{file: people.csv, columns: {phone: Mobile, id: Id, consent: Consent, consent_at: At, consent_proof: Proof}}]
calling_hours: "Mo-Fr 09:00-17:00"
timezone: Europe/London
starts: 2026-11-23
ends: 2026-11-27
"""
NUMBER = "+442079460001"


def write(at="2026-01-05", year="2026"):
    Path("selling.yaml").write_text(SELLING.replace("2026-", f"{year}-"))
    Path("people.csv").write_text(f"Id,Mobile,Consent,At,Proof\n1,{NUMBER},prior,{at},form 7\n")


def outcome(cli):
    said = cli("run", "selling.yaml", "--fresh", "--json")
    return "blocked" if said.data["outcomes"]["blocked"] else "called"


def test_a_record_names_the_consent_its_list_and_its_proof(cli, folder):
    write()
    assert outcome(cli) == "called"
    (record,) = cli("consent", "list", NUMBER, "--json").data
    wanted = {
        "consent": Basis.PRIOR, "purpose": "telemarketing", "given": "2026-01-05 00:00Z", "withdrawn": "",
        "by": "the list selling/people.csv", "proof": "form 7", "database": "campaigns-simulated.db",
    }  # fmt: skip
    assert record | wanted == record
    said = cli("consent", "list", NUMBER)
    assert "form 7" in said.out
    assert "2079460" not in said.out
    assert cli("consent", "list", "+442079460002").out == "Nothing is on record of +442*******02.\n"


def test_what_is_withdrawn_counts_no_more_though_the_list_goes_on_saying_it(cli, folder):
    write()
    assert outcome(cli) == "called"
    said = cli("consent", "withdraw", NUMBER, "--why", "by letter")
    assert said.out == "+442*******01: withdrawn; 1 record counts no more\n"
    assert cli("consent", "list", NUMBER, "--json").data[0]["withdrawn"]
    assert outcome(cli) == "blocked"
    write(at="2090-01-01")
    assert outcome(cli) == "blocked", "what is not given yet permits nothing"
    write(at="2090-01-01", year="2090")
    assert outcome(cli) == "called"


def test_a_withdrawal_needs_a_whole_number(cli, folder):
    for word in ("list", "withdraw"):
        said = cli("consent", word, "020 7946 0001")
        assert (said.code, "country code" in said.err) == (2, True)
