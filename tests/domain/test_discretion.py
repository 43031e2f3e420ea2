"""No object shows a number, a name or a secret when it is printed, as every error and debugger does."""

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest
from discretion import tells
from proving import Figure
from pydantic import BaseModel, SecretStr

import campaigns
from campaigns.domain.call import Booked, Booking, BookingState, CallOrder, CallReport, Placed, Question, Webhook
from campaigns.domain.contact import Consent, Contact, PhoneNumber

PHONE, NAME = "+442079460007", "Zelda Zonderland"
TELLING_ID = f"{PHONE}_7f0c"
"""Some vendors' call ids hold the number."""
SECRETS = frozenset({"api_key", "webhook_token", "webhook_secret", "hash_key", "secret", "password", "signing_secret"})
PERSONAL = frozenset({"phone", "e164", "transcript", "summary", "recording", "debt", "body", "headers", "analysis"})
"""Members that hold such things wherever they stand in an object of ours."""


def classes() -> Iterator[type[Any]]:
    """Every dataclass and every model of the product."""
    for module in pkgutil.walk_packages(campaigns.__path__, "campaigns."):
        if module.name.rpartition(".")[2] == "__main__" or ".data" in module.name:
            continue
        for _, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if found.__module__ == module.name and (dataclasses.is_dataclass(found) or issubclass(found, BaseModel)):
                yield found


def shown(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """The members that its `repr` shows, with their types."""
    if dataclasses.is_dataclass(kind):
        own = "__repr__" in vars(kind) and not kind.__repr__.__qualname__.startswith("__create_fn__")
        params = getattr(kind, "__dataclass_params__", None)
        if params is not None and params.repr and not (own and "_recursive_repr" not in repr(kind.__repr__)):
            yield from ((field.name, field.type) for field in dataclasses.fields(kind) if field.repr)
    else:
        yield from ((name, field.annotation) for name, field in kind.model_fields.items() if field.repr)


@pytest.mark.row("X3")
def test_members_that_hold_secrets_are_never_shown(figure: Figure) -> None:
    seen = [(kind, name, of) for kind in classes() for name, of in shown(kind)]
    told = [f"{kind.__qualname__}.{name}" for kind, name, of in seen if name in SECRETS and "Secret" not in str(of)]
    assert told == []
    assert len(seen) > 500
    figure("X3", "members with secrets that an object shows", len(told), members=len(seen), of="all classes")


SAMPLES = [
    PhoneNumber(PHONE),
    Contact(NAME, PHONE, (PhoneNumber(PHONE),), name=NAME, variables={"who": NAME}, debt=NAME, origin=("crm", NAME),
            consents=(Consent("prior", f"{NAME} wrote"),)),  # type: ignore[arg-type]
    CallOrder("a", PHONE, "agent", None, {"who": NAME}, {"firstMessage": f"Hello {NAME}"}),
    CallReport(TELLING_ID, phone=PHONE, summary=NAME, transcript=NAME, analysis={"name": NAME}, recording=NAME),
    Booking("b", BookingState.WAITING, phone=PHONE, call_id=TELLING_ID), Placed(TELLING_ID), Booked(TELLING_ID),
    Question((), call_id=TELLING_ID, phone=PHONE), Webhook("t0ken-", {"x": "t0ken-"}, NAME.encode()),
]  # fmt: skip


@pytest.mark.row("X3")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: type(sample).__name__)
def test_no_object_shows_of_whom_it_is(sample: object) -> None:
    assert not tells(repr(sample))
    assert not tells(str(sample))
    assert not tells(f"{[sample]}")


def test_what_is_looked_for_would_be_found() -> None:
    for text in (PHONE, NAME, TELLING_ID, "020 7946 0007", "442079460007", "(212) 555-0107", "t0ken-"):
        assert tells(f"x {text} y"), text
    assert not tells(str(PhoneNumber(PHONE)))
    assert "secret" not in repr(SecretStr("secret"))
