"""Where a database is: how its address is read, and that nobody is shown its password."""

import pytest

from campaigns.stores.addresses import location_of
from campaigns.stores.postgres_address import PostgresAddress
from campaigns.stores.sqlite_file import SqliteFile

SECRETIVE = [
    ("postgresql://u:hush@db/x", "postgresql://u@db/x"),
    ("postgres://u:hush%40%3A@db:5433/x", "postgresql://u@db:5433/x"),
    ("postgresql://:hush@db/x", "postgresql://db/x"),
    ("postgresql://db/x?password=hush&sslpassword=hush", "postgresql://db/x"),
    ("postgresql:///x?host=/run/pg&port=5433&password=hush", "postgresql:///x?host=/run/pg&port=5433"),
    ("postgresql://u:hush@[::1]:5432/x?sslkey=/hush", "postgresql://u@[::1]:5432/x"),
    ("postgresql://u:hush@a,b:5433/x?target_session_attrs=primary", "postgresql://u@a,b:5433/x"),
]


@pytest.mark.parametrize(("written", "shown"), SECRETIVE)
def test_an_address_is_shown_without_its_password_and_still_leads_there(written: str, shown: str) -> None:
    location = location_of(written)
    assert (str(location), location.address) == (shown, shown)
    assert "hush" not in repr(location)
    assert str(location_of(shown)) == shown
    assert isinstance(location, PostgresAddress)
    assert written.partition("?")[0] in location.as_role("worker")


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://u:hush@db", "postgresql://u:hush@db/", "postgresql://u:hu@sh@db/x", "postgresql://u:hu/sh@db/x",
        "postgresql://u:hu#sh@db/x", "postgresql://db:hush/x", "postgresql://u@db/x?hush", "postgres:hush",
        "postgresql://u hush@db/x", "postgresql://u:hush@[::1/x", "mysql://u:hush@db/x", "hush.db", "sqlite://hush",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_and_not_repeated(written: str) -> None:
    with pytest.raises(ValueError, match=r"^This is not a .*Write ") as caught:
        location_of(written)
    assert "hush" not in str(caught.value)


def test_a_connection_shows_what_this_process_is() -> None:
    location = location_of("postgresql://u@db/x?application_name=mine&sslmode=require")
    assert isinstance(location, PostgresAddress)
    told = location.as_role("worker")
    assert told.startswith("postgresql://u@db/x?sslmode=require&application_name=campaigns%20worker%20")
    assert "mine" not in told


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("postgresql://u:pw@db:5433/x", "createdb -h db -p 5433 -U u x"),
        ("postgresql:///x?host=/run/pg&port=5433", "createdb -h /run/pg -p 5433 x"),
        ("postgresql://u@[::1]:5433/it%27s%20mine", """createdb -h ::1 -p 5433 -U u 'it'"'"'s mine'"""),
        ("postgresql://a:1,b:2/x", "createdb -h a -p 1 x"),
        ("postgresql://u@[::1]/x", "createdb -h ::1 -U u x"),
    ],
)
def test_the_command_that_makes_a_database_is_ready_to_be_copied(written: str, command: str) -> None:
    location = location_of(written)
    assert isinstance(location, PostgresAddress)
    assert location.createdb == command


def test_files_of_a_database_lie_beside_it_or_else_in_the_current_folder() -> None:
    assert str(location_of("sqlite:///a/b.db").beside("c.jsonl")) == "a/b.c.jsonl"
    assert str(location_of("postgresql://db/x%2Fy").beside("c.jsonl")) == "x%2Fy.c.jsonl"
    assert location_of("sqlite:///b.db") == SqliteFile(location_of("sqlite:///b.db").path)  # type: ignore[attr-defined]
