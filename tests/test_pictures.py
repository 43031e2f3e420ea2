"""The README's pictures are made here, of simulated campaigns: what they show is what there is.

To make them anew: `PICTURES=sample_campaigns/pictures pytest -n0 -m system tests/test_pictures.py`
"""

import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import readme
from PIL import Image

from campaigns.cli.main import run

SAMPLES = readme.ROOT / "sample_campaigns"
KEPT = SAMPLES / "pictures"
CHROMIUM = "/usr/bin/chromium"
WIDE = {"width": 1200, "height": 750}
MADE = ("report.png", "plan.png", "dashboard.png", "dashboard-dark.png", "campaign.png", "contact.png")
MOST_BYTES, COLOURS = 150_000, 64
PERSON = "+31200000012"
COMMANDS = (
    "plan dentist-reminders/campaign.yaml --at 2026-11-23T08:00+01:00 --plot plan.png",
    "run dentist-reminders/campaign.yaml",
    "run town-survey/campaign.yaml --limit 40",
    "run us-lead-follow-up/campaign.yaml --limit 25",
)
TALL = {"width": 1200, "height": 1280}


def test_every_picture_in_the_readme_is_made_here_and_every_picture_made_is_shown():
    assert readme.pictures() == set(MADE)
    assert {path.name for path in KEPT.iterdir()} == set(MADE)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A folder with a database in which one campaign is over, one is half-way, and one has begun."""
    folder = tmp_path_factory.mktemp("played")
    shutil.copytree(SAMPLES, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("pictures"))
    before = Path.cwd()
    os.chdir(folder)
    try:
        for words in COMMANDS:
            assert run(words.split()) in (0, 1, 3)
        yield folder
    finally:
        os.chdir(before)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Where they go: where the variable says, else to the folder of this test run."""
    folder = readme.ROOT / os.environ["PICTURES"] if "PICTURES" in os.environ else tmp_path_factory.mktemp("pictures")
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def a_dashboard(folder):
    """The link that lets one browser in, and where it leads."""
    code = "import sys; from campaigns.cli.main import main; main(['dashboard', '--port', '0'])"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            yield next(found[0] for line in process.stderr if (found := re.search(r"http://127\S+", line)))
        finally:
            process.terminate()
            process.stderr.read()


def small(path):
    """Few colours are enough for what is drawn; the file is a quarter of what a browser writes."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def taken(page, path, *, clip=None):
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path, animations="disabled", clip=clip)


@pytest.mark.system
def test_the_pictures_are_made_of_what_there_is(played, pictures):
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

    shutil.copy(played / "plan.png", pictures / "plan.png")
    with sync_playwright() as playwright, a_dashboard(played) as link:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            viewport=WIDE, locale="en-GB", timezone_id="Europe/Amsterdam", color_scheme="light"
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.goto((played / "dentist-reminders.html").as_uri())
        taken(page, pictures / "report.png")
        page.goto(link)
        page.wait_for_selector("section.campaign >> nth=2")
        page.wait_for_function("() => !document.body.innerText.includes('counting')")
        address = page.url.rstrip("/")
        taken(page, pictures / "dashboard.png")
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector("body.body--dark")
        taken(page, pictures / "dashboard-dark.png")
        page.emulate_media(color_scheme="light")
        page.wait_for_selector("body.body--light")
        page.set_viewport_size(TALL)
        page.goto(f"{address}/campaigns/dentist-reminders")
        page.wait_for_selector("text=The past is still being read", state="hidden")
        page.wait_for_selector("svg path >> nth=8", state="attached")
        taken(page, pictures / "campaign.png")
        page.set_viewport_size(WIDE)
        page.goto(f"{address}/search")
        page.fill("input[type=search]", PERSON)
        page.keyboard.press("Enter")
        page.click("a[href^='/leads/'] >> nth=0")
        page.wait_for_url("**/leads/*")
        page.wait_for_selector("text=Attempt 1")
        taken(page, pictures / "contact.png")
        browser.close()
    for name in MADE:
        small(pictures / name)
        assert 5_000 < (pictures / name).stat().st_size < MOST_BYTES
        with Image.open(pictures / name) as made, Image.open(KEPT / name) as kept:
            assert made.size == kept.size, f"{name} looks otherwise now; the first lines here say how to make it anew"
