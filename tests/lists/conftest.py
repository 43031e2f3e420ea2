"""Workbooks written by hand, so that tests say exactly what stands in the file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_STYLES = (
    f'<styleSheet {_MAIN}><numFmts><numFmt numFmtId="164" formatCode="dd\\-mm\\-yyyy hh:mm"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def _link(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'


def _save(path: Path, rows: Iterable[str], strings: Iterable[str] = (), settings: str = "") -> Path:
    """Rows as XML; the second sheet is named Other and holds one column."""
    sheets = f'<sheets><sheet name="First" r:id="r1" xmlns:r="{_OFFICE}"/>'
    sheets += f'<sheet name="Other" r:id="r4" xmlns:r="{_OFFICE}"/></sheets>'
    links = _link(1, "worksheet", "worksheets/sheet1.xml") + _link(2, "styles", "styles.xml")
    links += _link(3, "sharedStrings", "/xl/sharedStrings.xml") + _link(4, "worksheet", "worksheets/sheet2.xml")
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", _LINKS.format(_link(1, "officeDocument", "xl/workbook.xml")))
        archive.writestr("xl/workbook.xml", f"<workbook {_MAIN}>{settings}{sheets}</workbook>")
        archive.writestr("xl/_rels/workbook.xml.rels", _LINKS.format(links))
        archive.writestr("xl/styles.xml", _STYLES)
        other = '<row><c t="str"><v>only</v></c></row><row><c t="str"><v>here</v></c></row>'
        archive.writestr("xl/worksheets/sheet2.xml", f"<worksheet {_MAIN}><sheetData>{other}</sheetData></worksheet>")
        _stream(archive, "xl/sharedStrings.xml", "sst", (f"<si><t>{escape(text)}</t></si>" for text in strings))
        _stream(archive, "xl/worksheets/sheet1.xml", "worksheet", ("<sheetData>", *rows, "</sheetData>"))
    return path


def _stream(archive: ZipFile, name: str, tag: str, parts: Iterable[str]) -> None:
    with archive.open(name, "w") as file:
        file.write(f"<{tag} {_MAIN}>".encode())
        for part in parts:
            file.write(part.encode())
        file.write(f"</{tag}>".encode())


@pytest.fixture
def workbook(tmp_path: Path) -> Callable[..., Path]:
    """Saves rows of XML as a workbook and gives its path."""
    return lambda *args, **kwargs: _save(tmp_path / "list.xlsx", *args, **kwargs)
