"""What moves, told as it happens: a hint to ask again, never the news itself, so that nothing is lost with one."""

import json
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from campaigns.desk.board import Change

from .access import Reads, TheDesk
from .problems import Trouble
