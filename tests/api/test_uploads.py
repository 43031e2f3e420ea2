"""Campaign files come with their lists: looked at, played ahead and loaded; they name nothing else of this machine."""

from tempfile import gettempdir
from typing import Any

import pytest

from campaigns.desk.access import Role
from campaigns.desk.acts import Loading, Upload
from campaigns.domain.lead import CampaignState

NEW = """\
campaign: uploaded
purpose: informational
contacts:
  - {file: people.csv, region: GB, columns: {phone: Mobile, name: Name, id: Id}}
calling_hours: "Mo-Fr 09:00-17:00"
timezone: Europe/London
starts: 2026-11-23
ends: 2026-11-27
"""
PEOPLE = b"Id,Name,Mobile\n1,Ann,020 7946 0301\n2,Bob,020 7946 0302\n3,Cy,none\n"
LISTS = [("people.csv", PEOPLE)]


def form(document: str | bytes = NEW, lists: Any = LISTS, name: str = "campaign.yaml") -> list[Any]:
    content = document.encode() if isinstance(document, str) else document
    return [("campaign", (name, content)), *(("lists", each) for each in lists)]


async def test_a_file_is_checked_with_its_lists(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        answer = await operator.post("/validate", files=form())
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["campaign"], found["file"]) == ("uploaded", "campaign.yaml")
        assert found["contacts"] == {"read": 3, "good": 2, "invalid": 1}
        assert found["bad_rows"][0]["line"] == 4


async def test_a_file_is_played_ahead_with_its_lists_and_changes_nothing(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        answer = await operator.post("/plan", files=form(), data={"at": "2026-11-23T08:00:00+00:00"})
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["campaign"], found["leads"], found["goes_on"]) == ("uploaded", 2, False)
        assert found["first_call"].startswith("2026-11-23T09:0")
        assert (await operator.get("/campaigns/uploaded")).status_code == 404


@pytest.mark.parametrize("path", ["/validate", "/campaigns"])
@pytest.mark.parametrize(
    ("sent", "what"),
    [
        (form(NEW.replace("people.csv", "/etc/passwd")), "did not come with it"),
        (form(NEW.replace("people.csv", "../people.csv")), "did not come with it"),
        (form(lists=[]), "did not come with it"),
        (form(NEW + "exclude: [{file: /etc/passwd, columns: {id: Id}}]\n"), "did not come with it"),
        (form(lists=[("../people.csv", PEOPLE)]), "plain name"),
        (form(lists=[("people.csv", PEOPLE), ("people.csv", PEOPLE)]), "Two lists"),
        (form(lists=[*LISTS, ("campaign.yaml", b"")]), "same name"),
        (form(b"\xff\xfe\x00"), "UTF-8"),
        (form(b"x" * 1_000_001), "larger than 1 MB"),
        (form("[]"), "campaign.yaml:1"),
        (form("campaign: &a [*a, *a]"), "campaign.yaml"),
        (form(NEW.replace("09:00-17:00", "sunrise-sunset")), "campaign.yaml:5"),
        (form(name=".bashrc"), "plain name"),
    ],
)
async def test_rubbish_is_told_by_the_names_it_came_with(serve, path, sent, what):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        answer = await operator.post(path, files=sent)
        assert (answer.status_code, what in answer.text) == (422, True), answer.text
        assert gettempdir() not in answer.text
        assert (await operator.get("/campaigns/uploaded")).status_code == 404


@pytest.mark.parametrize(
    ("content", "what"),
    [(b"\x00\x00\x00", "campaign.yaml:4: contacts[0]"), (b"A,B\n1,2\n", "has no column 'Mobile'")],
)
async def test_a_list_that_cannot_be_read_is_told_with_its_place_in_the_campaign_file(serve, content, what):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        answer = await operator.post("/validate", files=form(lists=[("people.csv", content)]))
        assert (answer.status_code, what in answer.text, gettempdir() in answer.text) == (422, True, False), answer.text


async def test_a_file_that_is_missing_is_asked_for(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        for path in ("/validate", "/plan", "/campaigns", "/imports/suppressions"):
            answer = await operator.post(path, files={"else": ("a", b"")})
            assert answer.status_code == 422
            assert answer.json()["problems"][0]["where"] in ("body.campaign", "body.file")


async def test_a_campaign_comes_with_its_lists_and_what_is_to_be_done_with_it(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        heard: list[Any] = []

        async def load(upload: Upload, **how: Any) -> Loading:
            heard.append((upload, how))
            return Loading("uploaded", CampaignState.ACTIVE, {"read": 3}, (("changed", "all"),), (), ())

        served.desk.acts.load = load
        answer = await operator.post("/campaigns", files=form(), data={"start": "true"})
        assert (answer.status_code, answer.json()["state"]) == (201, "active")
        ((upload, how),) = heard
        assert (upload.document, dict(upload.files), upload.name) == (NEW, {"people.csv": PEOPLE}, "campaign.yaml")
        assert (how["start"], how["dry"], how["by"].name) == (True, False, "the operate")


async def test_a_simulated_campaign_is_not_left_to_a_worker(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        answer = await operator.post("/campaigns", files=form())
        assert (answer.status_code, "simulated" in answer.text) == (422, True)
