"""What the simulated platform asks while somebody is on the line: who is to talk, and what tools answer."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from campaigns.ports import Clock
from campaigns.vendors.simulated.exchange import name_id
from campaigns.vendors.simulated.faults import Dice
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.telling import Teller

from .paper import Letter, Paper
from .words import override

Tool = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, and what came back."""

    event: str
    call_id: str
    asked: tuple[str, ...]
    """Ids of the tool calls."""
    status: int | None
    """None: nobody answered."""
    body: Any


class Asker(Teller):
    """A teller that also asks.

    Inbound calls are preceded by an assistant-request; an answered call whose assistant has tools uses each of them
    once, two fifths into the talk.
    """

    def __init__(self, clock: Clock, dice: Dice, paper: Paper, tools: Callable[[SimCall], list[Tool]]) -> None:
        super().__init__(clock, dice, paper)
        self._letters, self._tools, self._now = paper, tools, clock.now
        self.answers: list[Answered] = []
        """Everything that was asked, in order."""
        self._over: set[str] = set()
        """Calls that ended before their time."""

    def changed(self, call: SimCall) -> None:
        super().changed(call)
        self._over.add(call.call_id)

    def born(self, call: SimCall, *, rung_back: bool = False) -> None:
        super().born(call, rung_back=rung_back)
        now = self._now()
        if call.direction == "inbound" and call.created_at >= now and self._letters.wants(call, "assistant-request"):
            letter = self._letters.letter(call, call.created_at, "assistant-request", "ringing")
            self.later(letter.at, self._asking(letter, call))
        if call.answered_at is not None and call.talk_seconds and self._letters.wants(call, "tool-calls"):
            at = call.answered_at + timedelta(seconds=0.4 * call.talk_seconds)
            for tool in self._tools(call) if at >= now else ():
                self.later(at, self._asking(*self._use(call, tool)))

    def _use(self, call: SimCall, tool: Tool) -> tuple[Letter, SimCall, str]:
        """One use of a tool; its own address and secret go before the assistant's."""
        name, server = str(tool["function"]["name"]), tool.get("server") or {}
        key = name_id("tool", f"{call.call_id}:{name}")
        asked = {"id": key, "type": "function", "function": {"name": name, "arguments": {"spoken": "yes"}}}
        at = (call.answered_at or call.created_at) + timedelta(seconds=0.4 * call.talk_seconds)
        letter = self._letters.letter(call, at, "tool-calls", "in-progress", tool_call_list=[asked])
        own = replace(letter, url=server.get("url") or letter.url, secret=server.get("secret") or letter.secret)
        return own, call, key

    def _asking(self, letter: Letter, call: SimCall, *keys: str) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            if call.call_id in self._over:
                return
            answer = await self.ask(letter)
            body, status = None, answer.status_code if answer is not None else None
            if answer is not None:
                try:
                    body = json.loads(answer.content or b"null")
                except ValueError:
                    body = None
            self.answers.append(Answered(letter.kind, call.call_id, keys, status, body))

        return ask


def tools_of(agent: dict[str, Any], call: SimCall) -> list[Tool]:
    """The function tools of a call's own configuration, else of its assistant."""
    config = override(call).get("llm_config") or agent.get("llm_config") or {}
    tools = config.get("tools") if isinstance(config, dict) else None
    return [tool for tool in tools or () if isinstance(tool, dict) and isinstance(tool.get("function"), dict)]
