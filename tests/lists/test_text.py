"""Delimited text: what people's programs write, and what is broken in it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.errors import InputError
from campaigns.lists import open_list
from campaigns.ports import BadRow, Row


def save(folder: Path, content: bytes | str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, **choices: str) -> list[tuple[int, object]]:
    rows = open_list(path, **choices).rows()
    return [(row.line, list(row.cells.values()) if isinstance(row, Row) else row.reason) for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_and_line_ends_are_recognised(tmp_path: Path, delimiter: str, end: str) -> None:
    lines = [["name", "phone"], ["Ann, the; first", "1"], ["", ""], ["Bob", "2"]]
    text = end.join(delimiter.join(f'"{cell}"' for cell in line) for line in lines) + end
    assert read(save(tmp_path, text)) == [(2, ["Ann, the; first", "1"]), (4, ["Bob", "2"])]


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    "text",
    [
        "name;remark\nAnn;a, b, c\nBob;d, e\n",
        "name;remark\nAnn;1,5\nBob;2,5\nCid;3,5\n",
        'sep=;\nname;remark\n"Ann";x\n',
        '"sep=;"\nname;remark\n"Ann, x";x\n',
    ],
)
def test_commas_in_the_rows_do_not_make_a_comma_file(tmp_path: Path, text: str) -> None:
    assert open_list(save(tmp_path, text)).header() == ["name", "remark"]


def test_a_tsv_is_cut_at_tabs_and_a_given_delimiter_is_taken(tmp_path: Path) -> None:
    assert open_list(save(tmp_path, "a,b\tc,d\n", "x.tsv")).header() == ["a,b", "c,d"]
    assert open_list(save(tmp_path, "a:b;c\n"), delimiter=":").header() == ["a", "b;c"]


def test_one_column_is_a_list_too(tmp_path: Path) -> None:
    assert read(save(tmp_path, "phone\n+442079460001\n")) == [(2, ["+442079460001"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_are_recognised(tmp_path: Path, encoding: str) -> None:
    people = ["Zoë Groß", "Anaïs Müller", "José Muñoz", "Åsa Sørensen", "François Béranger"]
    text = "name,phone\r\n" + "".join(f"{name},1\r\n" for name in people)
    assert read(save(tmp_path, text.encode(encoding))) == [(n, [name, "1"]) for n, name in enumerate(people, 2)]


def test_an_old_encoding_is_told_by_its_language_and_never_by_a_throw_of_dice(tmp_path: Path) -> None:
    people = ["Tom\u00e1\u0161 Dvo\u0159\u00e1k", "Ji\u0159\u00ed Nov\u00e1k", "\u0141ukasz \u017b\u00f3\u0142\u0107"]
    names = "\n".join(["jm\u00e9no", *people])
    assert open_list(save(tmp_path, names.encode("cp1250"))).header() == ["jm\u00e9no"]
    assert read(save(tmp_path, names.encode("cp1250")))[0] == (2, people[:1])
    assert read(save(tmp_path, "x\nZo\u00eb\nGen\u00e8ve\n\u20ac5\n".encode("cp1252")))[1] == (3, ["Gen\u00e8ve"])
    with pytest.raises(InputError, match="cannot be recognised"):
        open_list(save(tmp_path, "x\n\u738b\u5c0f\u660e\n".encode("gb18030"))).header()


def test_a_given_encoding_is_taken_and_a_wrong_one_refused(tmp_path: Path) -> None:
    path = save(tmp_path, "name,x\n\u0416\u0430\u043d\u043d\u0430,1\n".encode("koi8_r"))
    assert read(path, encoding="koi8-r") == [(2, ["\u0416\u0430\u043d\u043d\u0430", "1"])]
    assert open_list(save(tmp_path, "\ufeffname,x\n"), encoding="utf-8").header() == ["name", "x"]
    for wrong in ("klingon", "base64", "undefined"):
        with pytest.raises(InputError, match="is not an encoding"):
            open_list(path, encoding=wrong).header()


@pytest.mark.row("I1")
def test_bytes_that_are_no_text_spoil_their_own_row_only(tmp_path: Path) -> None:
    good = "Zoë,1\n" * 3
    far = b"name,x\n" + b"Ann,1\n" * 60_000 + b"\xff\xfe,2\nBob,3\n"
    assert [line for line, cells in read(save(tmp_path, far)) if isinstance(cells, str)] == [60_002]
    near = b"name,x\n" + good.encode() + b"Jos\xe9,2\n" + good.encode()
    assert read(save(tmp_path, near))[3] == (5, "bytes that are no text in the file's encoding")
    assert len(read(save(tmp_path, near))) == 7


RUBBISH = {
    "NUL": ("x\0y,1", "NUL"),
    "lone quote": ('"x,1', "quote"),
    "text after a quote": ('"x"y,1', "quote"),
    "large cell": ("x" * 1_000_000 + ",1", "too long"),
    "cell above the limit": ("x" * 100_001 + ",1", "longer than"),
    "endless line": ("x," * 1_500_000, "too long"),
    "10,000 columns": ("1," * 10_000, "more cells"),
    "one cell more": ("x,1,2", "more cells"),
}


@pytest.mark.row("I1")
@pytest.mark.parametrize("case", RUBBISH)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_rubbish_is_told_with_its_line_and_good_rows_around_it_stay(tmp_path: Path, case: str, end: str) -> None:
    line, reason = RUBBISH[case]
    text = end.join(["name,phone", "Ann,1", line, "Bob,2", "", 'Cid,"3"', ""])
    rows = read(save(tmp_path, text))
    assert [row for row in rows if isinstance(row[1], list)] == [
        (2, ["Ann", "1"]),
        (4, ["Bob", "2"]),
        (6, ["Cid", "3"]),
    ]
    assert [(n, reason in why) for n, why in rows if isinstance(why, str)] == [(3, True)]


@pytest.mark.row("I1")
def test_a_lone_quote_at_the_very_end_and_in_the_middle_of_a_cell(tmp_path: Path) -> None:
    rows = read(save(tmp_path, 'name,x\n5" pipe,1\nAnn,2\n"Bob,3'))
    assert rows == [(2, ['5" pipe', "1"]), (3, ["Ann", "2"]), (4, "a quote that is opened and never closed")]


@pytest.mark.row("I1")
def test_two_lone_quotes_do_not_swallow_the_rows_between_them(tmp_path: Path) -> None:
    rows = read(save(tmp_path, 'name,x\n"\n"Ann",1\nBob,2\n"\nCid,3\n'))
    assert [row for row in rows if isinstance(row[1], list)] == [
        (3, ["Ann", "1"]),
        (4, ["Bob", "2"]),
        (6, ["Cid", "3"]),
    ]


def test_a_record_over_several_lines_has_the_line_where_it_starts(tmp_path: Path) -> None:
    rows = read(save(tmp_path, 'name,x\n\n"Ann\n\nsays ""hi""",1\nBob,2\n'))
    assert rows == [(3, ['Ann\n\nsays "hi"', "1"]), (6, ["Bob", "2"])]


def test_short_rows_are_filled_and_blanks_around_cells_go(tmp_path: Path) -> None:
    rows = read(save(tmp_path, " name\xa0,phone,\n\xa0 Ann \u200b\nBob, 2 ,,\n,,\n"))
    assert rows == [(2, ["Ann", ""]), (3, ["Bob", "2"])]


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no header"),
        ("\n\n,,\n", "no header"),
        ("name,phone,name\n", "columns 1 and 3 are both called 'name'"),
        ("a\0,b\n", "NUL"),
        ('"name,phone\n', "quote"),
        ("Ann,+44 20 7946 0001\n", "looks like a contact"),
    ],
)
def test_a_bad_header_is_refused(tmp_path: Path, content: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        open_list(save(tmp_path, content)).header()
    assert "7946" not in str(caught.value)


def test_a_header_alone_is_an_empty_list(tmp_path: Path) -> None:
    found = open_list(save(tmp_path, "name,phone"))
    assert (found.name, found.header(), list(found.rows())) == ("list.csv", ["name", "phone"], [])


def test_what_is_no_list_is_told_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not there"):
        open_list(tmp_path / "none.csv")
    with pytest.raises(InputError, match="not a file"):
        open_list(tmp_path)
    with pytest.raises(InputError, match=r"\.jsonl"):
        open_list(save(tmp_path, "x", "list.doc"))
    with pytest.raises(InputError, match="cannot be read: File name too long"):
        open_list(tmp_path / ("x" * 300 + ".csv"))


@pytest.mark.row("I1")
@given(st.binary(max_size=300))
def test_any_bytes_give_rows_or_an_input_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = save(tmp_path_factory.getbasetemp(), content)
    try:
        found = open_list(path)
        header = found.header()
        rows = list(found.rows())
    except InputError:
        return
    assert all(isinstance(row, BadRow) or list(row.cells) == header for row in rows)


# Without quotes, commas and line breaks of its own: after a lone quote those can make two readings equally right.
_PLAIN = st.text(st.sampled_from("abé ';\t|0"), max_size=6)


@pytest.mark.row("I1")
@given(st.lists(st.sampled_from(['"', 'x"y', '"a"b,c', "a,b,c,d", "\0,\0", '"a', 'a,"b'])), _PLAIN)
def test_no_good_row_is_lost_among_rubbish(
    tmp_path_factory: pytest.TempPathFactory, rubbish: list[str], cell: str
) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    lines = ["name,phone", *(part for n, bad in enumerate(rubbish) for part in (bad, f"{quoted},good{n}")), ""]
    path = save(tmp_path_factory.getbasetemp(), "\n".join(lines))
    found = "\n".join(str(cells) for _, cells in read(path))
    assert all(f"good{n}" in found for n in range(len(rubbish)) if '"' not in rubbish[n])
