"""Which faults a simulator shows to whom: rules in a file, and the dice that decide."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from campaigns.domain.errors import InputError, Problem
from campaigns.domain.lead import spread

Place = Literal["create", "schedule", "cancel", "fire", "list", "get", "write", "webhook"]

_ANSWERS = frozenset({"error", "drop", "hang", "late", "half", "html", "redirect"})
_CREATES = _ANSWERS | {"refuse", "drop_before", "drop_late", "error_before", "hang_before", "no_id"}
KINDS: dict[Place, frozenset[str]] = {
    "create": _CREATES,
    "schedule": _CREATES,
    "cancel": _ANSWERS | {"refuse", "drop_before", "error_before", "hang_before"},
    "fire": frozenset({"late", "fail"}),
    "list": _ANSWERS | {"lag"},
    "get": _ANSWERS,
    "write": _ANSWERS | {"refuse", "drop_before", "error_before", "hang_before"},
    "webhook": frozenset({"lose", "duplicate", "delay", "reorder", "forge", "wrong_number"}),
}
"""What can go wrong where.

create, the call exists: `drop` (closed without a reply), `error`, `hang`, `half` (of a reply), `html`, `no_id`, `late`
(created after `seconds` of real time, then answered), `drop_late` (closed, and created after `seconds` of the clock).
create, no call exists: `refuse` (4xx), `drop_before`, `error_before`, `hang_before`, `redirect`.
schedule, cancel: as create, of a scheduled call and its cancellation. fire: `late` by `seconds` of the clock, `fail`
(without a call). write: as cancel, of whatever else is changed, such as a contact.
list: `lag` hides a share of the calls until `seconds` after their creation.
webhook: `delay` and `reorder` bring it `seconds` late, past those that follow; `forge` adds one to a wrong address.
"""
LONGEST_WAIT = 60.0
"""Seconds of real time that a request is kept waiting at most: `work()` holds the virtual clock meanwhile."""


class Rule(BaseModel):
    """One fault, and whom it befalls. The first rule that strikes wins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Place
    kind: str
    share: float = Field(default=1.0, ge=0, le=1)
    """Of the requests, by hash of seed, rule, number or call, and how often that one asked."""
    after: int = Field(default=0, ge=0)
    """So many matching requests pass first."""
    first: int | None = Field(default=None, ge=0)
    """Only so many matching requests are looked at; None: all."""
    match: str = ""
    """Only where this text occurs: create, schedule, fire, the number; list, the query (`scheduled-calls?…` of those);
    get, cancel, the id; write, the path; webhook, event type and status."""
    status: int | None = Field(default=None, ge=300, le=599)
    seconds: float = Field(default=0.0, ge=0)
    retry_after: str | None = None
    """Sent as it stands; `date` becomes the HTTP date `seconds` from now."""
    code: str | None = None
    """The error code of the body; None: the usual one of the status."""

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.kind not in KINDS[self.at]:
            raise ValueError(
                f"'{self.kind}' cannot happen at '{self.at}'. Choose from {', '.join(sorted(KINDS[self.at]))}."
            )
        return self


Model = TypeVar("Model", bound=BaseModel)


def read_faults(path: Path, model: type[Model]) -> Model:
    """Read a fault file (YAML, JSON or TOML) of a vendor's simulator. Raises InputError with every problem found."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text) if path.suffix == ".toml" else YAML(typ="safe", pure=True).load(text)
        return model.model_validate(data if data is not None else {})
    except OSError as error:
        raise InputError([Problem(str(path), f"cannot be read: {error.strerror}.")]) from error
    except ValidationError as error:
        raise InputError(Problem(f"{path}: {_key(each['loc'])}", each["msg"]) for each in error.errors()) from error
    except (YAMLError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), f"is not the YAML, JSON or TOML of a fault file: {error}")]) from error


def _key(where: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".") or "file"


class Dice:
    """Decides which request meets which fault; the same seed and the same requests give the same faults."""

    def __init__(self, seed: int, rules: tuple[Rule, ...]) -> None:
        self._seed = seed
        numbered = tuple(enumerate(rules))
        self._rules = tuple((index, rule) for index, rule in numbered if rule.kind != "lag")
        self._lags = tuple((index, rule) for index, rule in numbered if rule.kind == "lag")
        self._asked: Counter[tuple[str, str]] = Counter()
        self._seen: Counter[int] = Counter()
        self.struck: Counter[str] = Counter()
        """How often each `place:kind` happened."""

    def pick(self, at: Place, key: str, text: str) -> Rule | None:
        """The fault of this request about `key` (a number, a call), or None."""
        self._asked[at, key] += 1
        for index, rule in self._rules:
            if rule.at == at and rule.match in text and self._strikes(index, rule, key):
                self.struck[f"{at}:{rule.kind}"] += 1
                return rule
        return None

    def lag(self, call_id: str) -> float:
        """Seconds for which this call stays out of lists."""
        return max((rule.seconds for index, rule in self._lags if self._hits(index, rule, call_id)), default=0.0)

    def _strikes(self, index: int, rule: Rule, key: str) -> bool:
        self._seen[index] += 1
        turn = self._seen[index] - rule.after
        if turn < 1 or (rule.first is not None and turn > rule.first):
            return False
        return self._hits(index, rule, f"{key}|{self._asked[rule.at, key]}")

    def _hits(self, index: int, rule: Rule, name: str) -> bool:
        return rule.share >= 1 or spread(f"{self._seed}|fault|{index}|{name}") < rule.share
