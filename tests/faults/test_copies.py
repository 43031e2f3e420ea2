"""A database that was copied while it was dialled from, or set back: nobody who was called since is called again."""

import contextlib
import io
import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import oracles
import pytest
from rig import EXPECTED, Plan, Rig, free_port, rig

from campaigns.cli.main import run as command

SHORT = {"ring": (0.1, 0.3), "talk": (0.3, 0.8)}
SLOW = {"people": 24, "at_once": 6, "per_second": 12, "longest": "8s"}
WAYS = (("another file", False), ("over it", True), ("another file", True), ("over it", False))
"""How a backup is put back, and whether the provider echoes our own ids."""


def copied(one: Rig, to: Path) -> None:
    """What `sqlite3 live.db ".backup FILE"` does."""
    with closing(sqlite3.connect(one.folder / "live.db")) as raw, closing(sqlite3.connect(to)) as copy:
        raw.backup(copy)


def set_back(one: Rig, backup: Path, how: str) -> None:
    """Put a backup in the place of the database, in one of the ways in which people do it."""
    live = one.folder / "live.db"
    for ending in ("-wal", "-shm"):
        Path(f"{live}{ending}").unlink(missing_ok=True)
    if how == "another file":
        live.unlink()
    shutil.copy(backup, live)  # an existing file keeps its inode, and the day of its birth


def as_the_file_says(one: Rig) -> None:
    """By the ledger: each number was called as often as one undisturbed run would have called it."""
    calls = oracles.by_phone(one.ledger())
    wanted = {phone: EXPECTED.get(phone[-1], ("reached", 1))[1] for phone in one.phones}
    assert {phone: len(made) for phone, made in calls.items()} == wanted
    assert oracles.called_while_open(one.ledger()) == []


def told(one: Rig, *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that ends by itself; in this process, which starts quicker."""
    settings = ["--settings", str(one.folder / "settings.toml")]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = command([*settings, *words])
    return code, out.getvalue(), err.getvalue()


def refused(one: Rig, *words: str) -> str:
    """What a command says that dials nobody."""
    before = len(oracles.made(one.ledger()))
    code, _, said = told(one, *words)
    assert code == 2
    assert len(oracles.made(one.ledger())) == before
    return said


def silenced(one: Rig) -> None:
    """While the provider cannot be asked, the copy stays as it is."""
    settings = one.folder / "settings.toml"
    before = settings.read_text()
    settings.write_text(re.sub(r"base_url = .*", f'base_url = "http://127.0.0.1:{free_port()}"', before))
    code, _, said = told(one, "adopt")
    assert (code, "--without" in said) == (3, True)
    settings.write_text(before)
    assert "campaigns adopt" in refused(one, "run", str(one.campaign))


@pytest.mark.row("D7")
def test_after_an_old_backup_is_put_back_everybody_called_since_is_known(
    tmp_path: Path, long: bool, figure: Any
) -> None:
    for number, (how, echo) in enumerate(WAYS if long else WAYS[:1]):
        with rig(tmp_path / str(number), Plan(**SLOW, server=SHORT | {"echo": echo})) as one:
            running = one.run()
            one.until("made", 8)
            copied(one, tmp_path / "backup.db")
            at_the_copy = len(oracles.made(one.ledger()))
            one.until("made", at_the_copy + 12)
            running.kill()
            running.wait()
            set_back(one, tmp_path / "backup.db", how)

            assert "campaigns adopt" in refused(one, "run", str(one.campaign))
            silenced(one)
            code, out, said = told(one, "adopt", "--json")
            assert code in (0, 1), said
            (found,) = json.loads(out)["providers"]
            assert found["calls"] == found["adopted"] > 0
            again = one.run()
            assert one.ended(again) == 0, one.complained(again)
            as_the_file_says(one)
            figure("D7", "calls made again after an old backup was put back", 0, calls=len(oracles.made(one.ledger())),
                   unknown_to_the_backup=found["calls"], way=how)  # fmt: skip


@pytest.mark.row("D7")
def test_of_two_copies_only_the_one_at_home_dials(tmp_path: Path) -> None:
    with rig(tmp_path, Plan(**SLOW, server=SHORT)) as one:
        running = one.run()
        one.until("made", 6)
        other = tmp_path / "other.db"
        for ending in ("", "-wal", ".key"):  # as it lies, in the middle of its writes
            shutil.copy(f"{tmp_path / 'live.db'}{ending}", f"{other}{ending}")
        for words in (["run", str(one.campaign)], ["worker"], ["call", one.phones[0], "--as", str(one.campaign)]):
            code, _, said = told(one, "--db", f"sqlite:///{other}", *words)
            assert (code, "campaigns adopt" in said) == (2, True), words
        assert "dials from" in told(one, "adopt")[2]
        assert one.ended(running) == 0, one.complained(running)
        as_the_file_says(one)
        assert "nothing to adopt" in refused(one, "adopt")
