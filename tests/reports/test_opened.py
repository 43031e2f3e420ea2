"""Reports as those who get them open them: the workbook in LibreOffice, the page in a browser."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from shelf import HOSTILE, hostile

from campaigns.lists.outcomes import write_outcomes
from campaigns.reports import render
from campaigns.reports.heat import Cell, Heat
from campaigns.reports.law import AppliedRow
from campaigns.reports.workbook import write_workbook

pytestmark = pytest.mark.system
CHROMIUM = "/usr/bin/chromium"
NS = {
    "table": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    "office": "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
    "text": "urn:oasis:names:tc:opendocument:xmlns:text:1.0",
}
SOURCES = (f"https://law.example/{'an-article-of-the-act' * 5}", f"volume{'4' * 90}")
OFFICE = f"{{{NS['office']}}}"


# ── the workbook ──


@pytest.fixture(scope="module")
def opened(campaign_played, tmp_path_factory):
    """The workbook with hostile names as LibreOffice understands it: a flat document that names every cell's type."""
    folder = tmp_path_factory.mktemp("office")
    asyncio.run(write_workbook(hostile(), campaign_played[0], folder / "r.xlsx", whole=True))
    words = [
        "soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "fods",
        "--outdir", str(folder), str(folder / "r.xlsx"),
    ]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    return ET.parse(folder / "r.fods").getroot()  # noqa: S314 - of our own making


def cells(opened, sheet):
    """Rows of cells that hold anything, with the gaps that a document leaves out."""
    table = next(each for each in opened.iterfind(".//table:table", NS) if each.get(f"{{{NS['table']}}}name") == sheet)
    for row in table.iterfind(".//table:table-row", NS):
        found = []
        for cell in row.iterfind("table:table-cell", NS):
            found += [cell] * min(int(cell.get(f"{{{NS['table']}}}number-columns-repeated", "1")), 20)
        yield found


def said(cell):
    return "\n".join("".join(line.itertext()) for line in cell.iterfind("text:p", NS))


@pytest.mark.row("X1")
def test_libreoffice_finds_no_formula_and_no_link_in_any_sheet(opened):
    everything = list(opened.iterfind(".//table:table-cell", NS))
    assert len(everything) > 100
    assert not [cell for cell in everything if cell.get(f"{{{NS['table']}}}formula") is not None]
    assert not list(opened.iterfind(".//text:a", NS))


@pytest.mark.row("X1")
def test_libreoffice_shows_hostile_names_letter_by_letter_as_text(opened):
    _, *body = cells(opened, "Leads")
    leads = [row[0] for row in body[: len(HOSTILE)]]
    assert {cell.get(f"{OFFICE}value-type") for cell in leads} == {"string"}
    plain = [(cell, text) for cell, text in zip(leads, HOSTILE, strict=True) if text.isprintable() and len(text) < 99]
    assert len(plain) > 12
    assert [said(cell) for cell, _ in plain] == [text for _, text in plain]


@pytest.mark.row("X1")
def test_libreoffice_reads_dates_numbers_and_phones_as_what_they_are(opened):
    head, first, *_ = cells(opened, "Leads")
    line = dict(zip([said(cell) for cell in head], first, strict=False))
    closed = line["Closed (Europe/Amsterdam)"]
    assert (closed.get(f"{OFFICE}value-type"), closed.get(f"{OFFICE}date-value")) == ("date", "2026-11-23T10:30:15")
    for title, value in (("Attempts", "1"), ("Talk, seconds", "61.5"), ("Cost (EUR)", "0.25")):
        assert (line[title].get(f"{OFFICE}value-type"), line[title].get(f"{OFFICE}value")) == ("float", value)
    phone = line["Phone"]
    assert (phone.get(f"{OFFICE}value-type"), said(phone)) == ("string", "+442079460000")


@pytest.mark.row("X1")
@pytest.mark.parametrize("cut_at", [44, 59, 9], ids=["comma", "semicolon", "tab"])
def test_libreoffice_finds_no_formula_in_outcomes_wherever_it_cuts_them(tmp_path, cut_at, figure):
    said = [
        f"{before}{text}" for before in ("", " ", '"', "x;", 'x;"', "x\t", "x\n") for text in ("=1+1", "+1+1", "-2+3")
    ]

    async def pages():
        yield [("id", "key", "phone"), *((text, text, "+442079460001") for text in said)]

    asyncio.run(write_outcomes(tmp_path / "o.csv", pages()))
    words = [
        "soffice", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless",
        # Cut here, quoted by ", UTF-8, from line 1; and whatever looks like a formula is taken for one.
        f"--infilter=CSV:{cut_at},34,76,1,,0,false,true,false,false,false,-1,true", "--convert-to", "fods",
        "--outdir", str(tmp_path), str(tmp_path / "o.csv"),
    ]  # fmt: skip
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    opened = ET.parse(tmp_path / "o.fods").getroot()  # noqa: S314 - of our own making
    found = list(opened.iterfind(".//table:table-cell", NS))
    assert len(found) > len(said)
    evaluated = [cell for cell in found if cell.get(f"{{{NS['table']}}}formula") is not None]
    assert evaluated == []
    figure("X1", "cells evaluated by LibreOffice", 0, texts=len(said), cut_at=chr(cut_at))


# ── the page ──


@pytest.fixture(scope="module")
def page_file(campaign_played, tmp_path_factory):
    """A page with everything on it."""
    figures = campaign_played[0]
    row = AppliedRow("nl-x", "Netherlands", "Mon-Fri 09-20", "3 attempts/7 d", 7, "Act", SOURCES, "low")
    heat = Heat(tuple(Cell(day, hour, 10 + day, 2 * day) for day in range(6) for hour in range(9, 18)))
    whole = replace(figures, compliance=replace(figures.compliance, rows=(row,), duties=("say who calls",)), heat=heat)
    path = tmp_path_factory.mktemp("page") / "r.html"
    path.write_text(render(whole))
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as player:
        found = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1000)])
def test_the_page_asks_for_nothing_says_nothing_fits_and_has_no_serious_fault(browser, page_file, scheme, width):
    # The page's own policy forbids scripts, also the one that looks for faults.
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page, asked, told = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(page_file)
    assert (asked, told) == ([page_file], [])
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator(".heat svg").is_visible()
    assert page.locator(".over-time svg:visible").count() == 2
    faults = Axe().run(page).response["violations"]
    assert [fault["id"] for fault in faults if fault["impact"] in ("serious", "critical")] == []
    context.close()


def test_the_pages_own_policy_leaves_its_styles_and_drawings_alone(browser, page_file):
    page, told = browser.new_page(), []
    page.on("console", lambda message: told.append(message.text))
    page.goto(page_file)
    assert told == []
    assert page.evaluate("getComputedStyle(document.querySelector('.bars .mark')).width") != "0px"


def test_the_page_prints_on_white_paper_without_what_only_a_screen_needs(browser, page_file):
    page = browser.new_page(color_scheme="dark")
    page.goto(page_file)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 32, 41)"
    assert page.locator("details:visible").count() == 0
    assert page.locator(".wide-only svg:visible").count() == 2
    sheets = page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
    assert 1 < sheets <= 6
