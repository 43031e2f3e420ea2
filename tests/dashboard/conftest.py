"""One scripted dashboard and one browser for a module; every page that is opened is watched."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = "/usr/bin/chromium"


class Site:
    """A dashboard that runs, and a browser to look at it."""

    def __init__(self, browser: Any, address: str, link: str, pictures: Path) -> None:
        self.browser, self.address, self.link, self.pictures = browser, address, link, pictures
        self.complaints: list[str] = []
        """Console errors, failed requests, and requests to anywhere else."""

    def page(self, *, token: str = "", phone: bool = False, **options: Any) -> Any:
        """A page of a fresh browser profile; `token`: already signed in."""
        size = {"width": 360, "height": 740} if phone else {"width": 1280, "height": 800}
        context = self.browser.new_context(
            viewport=size, timezone_id="Europe/Amsterdam", base_url=self.address, locale="en-GB", **options
        )
        context.set_default_timeout(60_000)  # of a machine that is busy
        page = context.new_page()
        page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._watch)
        page.on("response", lambda got: got.status >= 400 and self.complaints.append(f"{got.status} {got.url}"))
        if token:
            page.goto("/login")
            page.fill("#secret", token)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{self.address}/")
        return page

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self.address, self.address.replace("http:", "ws:"), "data:", "blob:")):
            self.complaints.append(f"asked {request.url}")

    def picture(self, page: Any, name: str) -> None:
        """Keep what the page looks like."""
        page.screenshot(path=self.pictures / f"{name}.png", full_page=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The scripted dashboard; its pictures lie in the folder of the test run."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where a browser is

    script = Path(__file__).parent / "scripted_desk.py"
    command = [sys.executable, str(script)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        sync_playwright() as playwright,
    ):
        assert process.stdout is not None
        address, link = process.stdout.readline().strip(), process.stdout.readline().strip()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Site(browser, address, link, tmp_path_factory.mktemp("pictures"))
        browser.close()
        process.terminate()


@pytest.fixture
def faults() -> Callable[[Any], list[str]]:
    """What axe finds of serious faults on a page."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    def found(page: Any) -> list[str]:
        violations = Axe().run(page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')[:200]}"
            for one in violations
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return found
