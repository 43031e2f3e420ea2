"""What a campaign came to and how it will go on, to take along."""

from enum import StrEnum
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from campaigns.desk.access import Role
from campaigns.desk.forecasts import forecast_json
from campaigns.domain.errors import Unknown
from campaigns.reports import write_report

from .access import Reads, TheDesk, topic
from .words import CampaignName

router = topic("reports")
_NOBODY = "Nobody is left to call, so nothing is forecast."


class Form(StrEnum):
    """What a report is written as."""

    HTML = "html"
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


_TYPES = {
    Form.HTML: "text/html",
    Form.CSV: "text/csv",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Form.PARQUET: "application/vnd.apache.parquet",
}


def _file(description: str, *types: str) -> dict[int | str, dict[str, Any]]:
    content = {each: {"schema": {"type": "string", "format": "binary"}} for each in types}
    return {200: {"description": description, "content": content}}


@router.get(
    "/campaigns/{name}/report.{form}",
    summary="The results, as a page or a table",
    response_class=Response,
    responses=_file("The file.", *_TYPES.values()),
)
async def report(desk: TheDesk, by: Reads, name: CampaignName, form: Form) -> Response:
    """A self-contained page for a manager, or a row for each lead. Numbers are masked for whoever may only read."""
    await desk.board.campaign(name)
    folder = Path(mkdtemp(prefix="campaigns-report-"))
    gone = BackgroundTask(rmtree, folder, ignore_errors=True)
    try:
        to = folder / f"{name}.{form}"
        await write_report(desk.session, name, to, whole=by.role.allows(Role.OPERATE))
    except BaseException:
        await gone()
        raise
    return FileResponse(to, filename=to.name, media_type=_TYPES[form], background=gone)


@router.get("/campaigns/{name}/forecast", summary="How it will go on")
async def forecast(desk: TheDesk, _by: Reads, name: CampaignName) -> dict[str, Any]:
    """Finish, calls per hour, who is never reached and why; bands are `[p10, p50, p90]`."""
    found = await desk.board.forecast(name)
    if found is None:
        raise Unknown(_NOBODY)
    return forecast_json(found)


@router.get(
    "/campaigns/{name}/forecast.svg",
    summary="The same as a picture",
    response_class=Response,
    responses=_file("The picture.", "image/svg+xml"),
)
async def forecast_picture(desk: TheDesk, _by: Reads, name: CampaignName) -> Response:
    """For a page."""
    found = await desk.board.forecast_picture(name)
    if found is None:
        raise Unknown(_NOBODY)
    return Response(found, media_type="image/svg+xml")
