"""`erase`: asked before, told after, and nothing left to list."""

from pathlib import Path


def test_a_person_is_erased_and_what_is_out_of_reach_is_named(cli, played):
    said = cli("erase", "+442079460003", "--yes")
    assert said.code == 0, said.err
    assert "campaigns-simulated.db: +442*******03" in said.out
    assert "1 lead: numbers, name, variables" in said.out
    assert f"{Path('people.csv').resolve()}: take their rows out" in said.out
    assert "0003" not in said.out.replace("+442*******03", "")
    assert "Person 3" not in str(cli("leads", "small", "--json").data)
    assert "+442079460003" not in str(cli("attempts", "small", "--json").data)
    entry = cli("suppress", "list", "--json").data[0]
    assert (entry["number"], entry["scope"], entry["why"]) == ("(from a call)", "all", "erased at their request")
    again = cli("run", "small.yaml", "--json")
    assert again.code == 0
    assert "Person 3" not in str(cli("leads", "small", "--json").data)


def test_the_database_file_holds_no_trace_of_them(cli, played):
    def holds(word):
        return any(word.encode() in file.read_bytes() for file in Path().glob("campaigns-simulated.db*"))

    assert holds("+442079460003")
    assert cli("erase", "+442079460003", "--yes").code == 0
    assert not holds("+442079460003")
    assert not holds("Person 3")
    assert holds("Person 4")


def test_nobody_is_erased_unasked_or_by_a_number_that_cannot_be_read(cli, played):
    for words, hint in ((["+442079460003"], "--yes"), (["020 7946 0003", "--yes"], "country code")):
        said = cli("erase", *words)
        assert (said.code, hint in said.err) == (2, True)
    assert "Person 3" in str(cli("leads", "small", "--json").data)
    assert cli("suppress", "list", "--json").data == []


def test_the_answer_is_one_document_too(cli, played):
    (one,) = cli("erase", "+442079460003", "--yes", "--json").data
    assert (one["database"], one["people"], one["leads"]) == ("campaigns-simulated.db", 1, 1)
    (again,) = cli("erase", "+442079460003", "--yes", "--json").data
    assert again["leads"] == 1
    (nobody,) = cli("erase", "+442079460999", "--yes", "--json").data
    assert nobody["people"] == 0
