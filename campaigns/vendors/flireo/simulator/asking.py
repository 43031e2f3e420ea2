"""What the Flireo simulator asks us while somebody is on the line: who is to talk, and what tools answer."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from campaigns.domain.lead import spread
from campaigns.ports import Clock
from campaigns.vendors.simulated.exchange import name_id
from campaigns.vendors.simulated.faults import Dice
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.people import Fate, How
from campaigns.vendors.simulated.telling import News, Teller

from .assistants import Assistants
from .options import Options
from .webhooks import Paper, milliseconds
from .words import webhook_id

NOBODY_TALKS = Fate(How.PROVIDER_ERROR, 0.0, 1.5, 0.5, troubled=True)
"""An inbound call for which no assistant came back: it ends at once, with a debugging note."""
_ASKING = 0.5
"""The share of answered calls in which an assistant with tools uses them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What we were told."""

    kind: str
    """`assistant-request` or `tool-calls`."""
    call_id: str | None
    """None: the question names no call."""
    asked: dict[str, Any] = field(repr=False)
    status: int | None
    """None: nobody answered."""
    body: Any = field(default=None, repr=False)

    def shown(self) -> dict[str, Any]:
        return asdict(self)


class Asker(Teller):
    """Tells as any vendor does, and asks as Flireo does."""

    def __init__(self, clock: Clock, dice: Dice, paper: Paper) -> None:
        super().__init__(clock, dice, paper)
        self._own_paper = paper
        self.answers: list[Answer] = []

    def join(self, assistants: Assistants, options: Options, ring_us: Callable[..., object]) -> None:
        """Whose assistants they are, and how a person who calls back is put through."""
        self._assistants, self._options, self._ring_us = assistants, options, ring_us
        self.ring_back, self._own_paper.server = self._rung, assistants.server

    def asked(self) -> dict[str, int]:
        """How many questions of each kind were answered and were not."""
        found: dict[str, int] = {}
        for answer in self.answers:
            name = f"{answer.kind} {'answered' if _is_success(answer) else 'unanswered'}"
            found[name] = found.get(name, 0) + 1
        return found

    def born(self, call: SimCall, *, rung_back: bool = False) -> None:
        super().born(call, rung_back=rung_back)
        at = _tools_at(call)
        if (
            self._tasks is not None
            and at is not None
            and at >= self._since
            and self._assistants.tools(call.assistant_id)
        ):
            self._tasks.start_soon(self._use_tools, call, at)

    def _rung(self, missed: SimCall) -> None:
        if self._tasks is not None and self._assistants.is_external(missed.assistant_id):
            self._tasks.start_soon(self._who_talks, missed)
        else:
            self._ring_us(missed)

    async def _who_talks(self, missed: SimCall) -> None:
        body = {"eventType": "assistant-request", **_parties(missed)}
        told = await self._heard(News(self._clock.now(), "assistant-request", body, self._server(missed)), None)
        found = told.get("assistant") if isinstance(told, dict) else None
        if isinstance(found, dict) and found:
            self._ring_us(missed)
        else:
            self._ring_us(missed, fate=NOBODY_TALKS)

    async def _use_tools(self, call: SimCall, at: datetime) -> None:
        await self._clock.sleep_until(at)
        body = {
            "eventTime": milliseconds(at),
            "callId": webhook_id(call, self._options),
            "eventType": "tool-calls",
            **_parties(call),
            "tasksInitiated": _tasks(call, self._assistants.tools(call.assistant_id)),
            "userMetadata": call.metadata if self._options.metadata_in_webhooks else None,
        }
        await self._heard(News(at, "tool-calls", body, self._server(call)), call.call_id)

    async def _heard(self, item: News, call_id: str | None) -> Any:
        """Ask, and keep what was answered."""
        reply = await self.ask(item)
        told = None
        if reply is not None and reply.is_success:
            try:
                told = reply.json()
            except ValueError:
                told = None
        self.answers.append(Answer(item.kind, call_id, item.body, reply.status_code if reply else None, told))
        return told

    def _server(self, call: SimCall) -> str | None:
        return self._assistants.server(call.assistant_id)


def _is_success(answer: Answer) -> bool:
    return answer.status is not None and 200 <= answer.status < 300 and isinstance(answer.body, dict)


def _tools_at(call: SimCall) -> datetime | None:
    """In the middle of some conversations."""
    if call.how is not How.ANSWERED or call.answered_at is None or spread(f"{call.call_id}|tools") >= _ASKING:
        return None
    return call.answered_at + (call.ended_at - call.answered_at) / 2


def _tasks(call: SimCall, tools: list[str]) -> list[dict[str, Any]]:
    """The first tool with arguments, the others without."""
    tasks: list[dict[str, Any]] = [{"taskId": name_id("task", f"{call.call_id}:{n}"), "taskName": name}
                                   for n, name in enumerate(tools)]  # fmt: skip
    tasks[0]["taskPayload"] = {"day": "maandag"}
    return tasks


def _parties(call: SimCall) -> dict[str, str]:
    return {"fromCaller": call.phone_number, "toAssistant": call.own_number}
