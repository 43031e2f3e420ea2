"""Addresses that others wrote, in reports, rows and campaign files, are carried as text: nobody goes there."""

import contextlib
from pathlib import Path
from typing import Any

import httpx
import pytest
from inside import OTHERS, Listener, urls

from campaigns.cli.main import run
from campaigns.domain.addresses import host_of, is_loopback, shown_link
from campaigns.vendors.simulated.staying import staying

pytestmark = pytest.mark.row("X2")


def test_the_listener_hears_whoever_comes(listener: Listener) -> None:
    with contextlib.suppress(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{listener.port}/", timeout=5)
    assert listener.hits


LIST = """\
campaign: inside
purpose: informational
provider: hms
agent: {agent}
contacts:
  - {{file: people.csv, region: GB, columns: {{phone: Phone, id: Id, name: Url}}}}
calling_hours: "Mo-Su 09:00-17:00"
timezone: Europe/London
starts: 2026-11-23
attempts: {{max: 1}}
variables: {{first_name: "{{{{ name }}}}", callback_url: "{{{{ row['Url'] }}}}"}}
assistant:
  first_message: "See {{{{ callback_url }}}}"
  webhook_url: "{{{{ callback_url }}}}"
  recording_url: "{{{{ callback_url }}}}"
"""


def test_no_address_of_a_list_or_a_campaign_file_is_ever_asked(
    tmp_path: Path, listener: Listener, long: bool, figure: Any
) -> None:
    # What leads to this machine by its plain name is what a simulator is allowed; the rest leads inside in disguise.
    hostile = [url for url in urls(listener.port) if not _is_plain(url)][:: 1 if long else 9]
    rows = "".join(f'p{n},020 7946 {n:04},"{url}"\n' for n, url in enumerate(hostile, 1))
    (tmp_path / "people.csv").write_text("Id,Phone,Url\n" + rows, "utf-8")
    (tmp_path / "campaigns.toml").write_text('[providers.hms]\nkind = "hmsovereign"\nbase_url = "simulator"\n')
    text = LIST.format(agent="a0a0a0a0-0000-4000-8000-000000000001")
    (tmp_path / "inside.yaml").write_text(text)
    assert run(["run", "inside.yaml", "--json"]) in (0, 1)
    assert listener.hits == []
    figure("X2", "internal listeners reached", len(listener.hits), addresses=len(hostile))


def _is_plain(url: str) -> bool:
    """Whether it leads to this machine as the client reads it: full-width digits become plain ones."""
    with contextlib.suppress(httpx.InvalidURL, ValueError):
        return is_loopback(host_of(str(httpx.URL(url.strip()))))
    return False


async def test_a_simulator_leaves_this_machine_for_nobody_but_whom_its_user_named(listener: Listener) -> None:
    sent: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url))
        return httpx.Response(200)

    named = "https://tunnel.example/webhooks"
    mine = ["http://127.0.0.1:9/x", "http://[::1]:9/x", "http://localhost:9/x", "https://tunnel.example/other"]
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), event_hooks=staying(named)) as web:
        for url in mine:
            await web.post(url)
        for url in [*urls(listener.port), "http://tunnel.example/webhooks", "https://tunnel.example:444/"]:
            if not _is_plain(url):
                with contextlib.suppress(httpx.HTTPError, httpx.InvalidURL, ValueError):
                    await web.post(url)
                    pytest.fail(url)
    assert sent == mine


def test_only_web_addresses_are_shown_as_links() -> None:
    for url in ("https://storage.example/rec.mp3?token=x", "http://127.0.0.1:8/x", "https://[2001:db8::1]/x"):
        assert shown_link(url) == url
    for url in [text.replace("{}", "80") for text in OTHERS if not text.lower().startswith("http://127")]:
        assert shown_link(url) == "", url
    for url in (
        "http://u@h/",
        "https://h/\n",
        "https://h/<b>",
        'https://h/"x',
        "https://\u212aelvin.example/",
        "https://",
    ):
        assert shown_link(url) == "", url
    assert shown_link("") == ""
