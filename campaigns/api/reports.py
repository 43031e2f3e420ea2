"""What a campaign came to, to take along."""

from typing import Any

from starlette.responses import Response

from campaigns.desk.forecasts import forecast_json
from campaigns.domain.errors import Unknown

from .access import Reads, TheDesk, topic
from .words import CampaignName

router = topic("reports")
_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}, "description": "The picture."}
}
_NOBODY = "Nobody is left to call, so nothing is forecast."


@router.get("/campaigns/{name}/forecast", summary="How it will go on")
async def forecast(desk: TheDesk, _by: Reads, name: CampaignName) -> dict[str, Any]:
    """Finish, calls per hour, who is never reached and why; bands are `[p10, p50, p90]`."""
    found = await desk.board.forecast(name)
    if found is None:
        raise Unknown(_NOBODY)
    return forecast_json(found)


@router.get(
    "/campaigns/{name}/forecast.svg", summary="The same as a picture", response_class=Response, responses=_PICTURE
)
async def forecast_picture(desk: TheDesk, _by: Reads, name: CampaignName) -> Response:
    """For a page."""
    found = await desk.board.forecast_picture(name)
    if found is None:
        raise Unknown(_NOBODY)
    return Response(found, media_type="image/svg+xml")
