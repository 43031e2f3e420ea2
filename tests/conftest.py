"""What holds for every test: no network beyond this machine, no settings of the person who runs it; and of whatever is
logged, at any level, by us or by a library, nothing tells of a person or a secret."""

import gc
import os
import sys
from collections.abc import Generator
from ipaddress import ip_address
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))
import discretion
from inside import listener  # noqa: F401 - a fixture for every folder
from postgres import postgres_url, quick_folder  # noqa: F401 - a fixture for every folder
from proving import add_options, dice, figure, long, seed  # noqa: F401 - fixtures for every folder

# Thousands of databases are made, and each of their writes would wait for the disk.
os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_folder()))

# How fast inputs are made says something of the machine, which is shared and noisy, and nothing of the product.
# The same inputs every time: a run that fails, fails for whoever repeats it.
settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of `proving`."""
    add_options(parser)


def pytest_configure() -> None:
    """Thousands of tests are made and kept: a collector of garbage that looks at them again and again finds none."""
    gc.disable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes by its nature belongs to the long form alone."""
    if not config.getoption("--long"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_collection_finish() -> None:
    """From here on garbage is collected, and what was made so far is none."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets a fixture know, at its end, how its test went."""
    report = yield
    if report.when == "call":
        item.report_of_call = report  # type: ignore[attr-defined]
    return report


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests of faults wait for real time, while others can work."""
    return (os.cpu_count() or 1) + 1


_LOCAL_NAMES = (None, "", "localhost")
_tried: list[str] = []


class OutsideError(Exception):
    """A test tried to leave this machine."""


def _is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in _LOCAL_NAMES:
        return True
    try:
        return ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return str(host).rstrip("./").endswith((".invalid", ".example", ".localhost"))  # reserved: they lead nowhere


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    """Called by the interpreter itself before a connection, whatever library asks for one."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        _tried.append(f"{event} {host!r}")
        raise OutsideError(f"{event}: {host!r} is beyond this machine")


sys.addaudithook(_guard)


@pytest.fixture(autouse=True)
def _inside(tmp_path, monkeypatch):
    """A folder of its own, an empty environment, silence; nobody was phoned, whoever swallowed the error, and no log
    tells more than it may."""
    for name in [name for name in os.environ if name.startswith("CAMPAIGNS_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    _tried.clear()
    discretion.heard.clear()
    _silence()
    with discretion.listening():
        yield
    _silence()
    assert _tried == []
    assert discretion.heard == []


def _silence() -> None:
    structlog.reset_defaults()
    structlog.configure(processors=[structlog.processors.format_exc_info, discretion.structured, _drop])


def _drop(_logger, _method, _event):
    raise structlog.DropEvent
