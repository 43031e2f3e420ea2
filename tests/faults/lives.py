"""Commands of the product as processes of their own, forked from one that has read the program already.

Whoever kills a thousand of them would else spend a second of CPU on each before it has done anything.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import Any


class Life:
    """One process, with as much of `subprocess.Popen` as is asked of it."""

    def __init__(self, words: Sequence[str], folder: Path, environ: Mapping[str, str], out: Path, err: Path) -> None:
        from lives_of import live  # noqa: PLC0415 - it brings the whole program

        self._process = _forks().Process(target=live, args=(list(words), folder, dict(environ), out, err), daemon=True)
        self._process.start()
        self.pid = int(self._process.pid)

    def poll(self) -> int | None:
        """The exit code, negative: the signal that ended it; None: it lives."""
        code: int | None = self._process.exitcode
        return code

    def wait(self, timeout: float | None = None) -> int:
        """The same at its end. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("campaigns", timeout or 0)
        return code

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@cache
def _forks() -> Any:
    """Whoever begins all of them; it finds what this process finds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "lives_of"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    forkserver.ensure_running()
    if before is None:
        del os.environ["PYTHONPATH"]
    else:
        os.environ["PYTHONPATH"] = before
    return context
