"""The HTTP API, for programs: what the desk shows and does, translated; see its OpenAPI document."""

from .application import api, with_api
from .events import Pace

__all__ = ["Pace", "api", "with_api"]
