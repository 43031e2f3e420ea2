"""Pictures that pages show by their address."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaigns.domain.errors import Unknown


async def forecast(request: Request) -> Response:
    """How a campaign will go on, as an SVG."""
    try:
        picture = await request.scope["campaigns.house"].desk.board.forecast_picture(request.path_params["name"])
    except Unknown:
        picture = None
    if picture is None:
        return Response(status_code=404)
    return Response(picture, media_type="image/svg+xml", headers={"Cache-Control": "private, max-age=60"})


ROUTES = [Route("/campaigns/{name}/forecast.svg", forecast)]
