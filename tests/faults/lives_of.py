"""The whole program, read once, and one life of it."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg  # noqa: F401 - what is read late otherwise
import cel
import phonenumbers
import uvicorn  # noqa: F401
import uvloop  # noqa: F401

import campaigns.cli.running
import campaigns.reports.charts
import campaigns.vendors.flireo.provider  # noqa: F401
from campaigns.cli.main import main
from campaigns.rules import load_rules
from campaigns.vendors.http import new_client

load_rules()
new_client({})
cel.compile("true")
phonenumbers.parse("+442079460123")
phonenumbers.is_valid_number(phonenumbers.parse("+12125550123"))


def live(words: Sequence[str], folder: Path, environ: Mapping[str, str], out: Path, err: Path) -> None:
    """In a process of its own: the command, with its output in files."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), number)
    main(words)
