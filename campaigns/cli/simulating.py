"""`simulator`: the built-in servers of all vendors, in real time."""

from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Annotated, Any

import anyio
import typer
from starlette.routing import Mount

from campaigns.clock import ScaledClock, SystemClock, real_now, run_real
from campaigns.domain.errors import InputError
from campaigns.serving import bind, serving
from campaigns.vendors import LISTS, PROVIDERS, Simulator, kinds, simulate
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.setup import Setup

from .context import err

FAULTY = "flireo"
"""Whose simulator reads `--faults`, and reports to a `--webhook` that names nobody."""


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.command()(simulator)


def simulator(
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.", min=0, max=65535)] = 8720,
    seed: Annotated[int, typer.Option(help="Same seed, same people.")] = 1,
    faults: Annotated[Path | None, typer.Option(help="YAML, TOML or JSON file with faults (Flireo).")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Where every call is written down: FILE, FILE.callab, …")] = None,
    webhook: Annotated[list[str] | None, typer.Option(help="Where reports are sent: KIND=URL.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="Its time runs so much faster; give `run` the same.", min=1)
    ] = None,
) -> None:
    """Serve the built-in simulators of all vendors on loopback, in real time, until stopped.

    Example: campaigns simulator --port 8720 --seed 7
    """
    clock = ScaledClock(real_now(), speed) if speed else SystemClock()
    told = _webhooks(webhook or [])
    apps: dict[str, Simulator] = {}
    for kind in kinds("simulators"):
        own: dict[str, Any] = {"clock": clock, "seed": seed, "webhook": told.get(kind)}
        if ledger is not None:
            own["ledger"] = ledger if kind == FAULTY else ledger.with_name(f"{ledger.name}.{kind}")
        if faults is not None and kind == FAULTY:
            own["faults"] = faults
        apps[kind] = simulate(kind, **own)
    app = SeveringApp(routes=[Mount(f"/{kind}", app=one.app) for kind, one in apps.items()])

    async def main() -> None:
        with anyio.open_signal_receiver(SIGINT, SIGTERM) as signals:
            async with anyio.create_task_group() as tasks, serving(app, bind("127.0.0.1", port)) as address:
                for one in apps.values():
                    tasks.start_soon(one.run)
                err.print(_hint(address, apps), markup=False)
                await anext(aiter(signals))
                tasks.cancel_scope.cancel()

    run_real(main)
    err.print("Simulators stopped.")


def _webhooks(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        kind, equals, url = text.partition("=")
        if not equals or "/" in kind:
            kind, url = FAULTY, text
        if kind not in kinds("simulators") or not url.startswith(("http://", "https://")):
            raise InputError(f"--webhook {text[:80]}: write KIND=URL, with one of {', '.join(kinds('simulators'))}.")
        found[kind] = url
    return found


def _hint(address: str, apps: dict[str, Simulator]) -> str:
    """Settings that lead to the simulators; all of it may stand in a settings file."""
    lines = [
        f"# Simulators on {address}; Ctrl-C stops them. In the settings:",
        f"# (`agent` may be any, `caller_ids` are {', '.join(Setup().numbers.values())})",
    ]
    for kind, one in apps.items():
        sections = [name for name, table in (("providers", PROVIDERS), ("lists", LISTS)) if kind in table]
        lines += [f'[{name}.{kind}]\nbase_url = "{address}/{kind}{one.prefix}"\napi_key = "any"' for name in sections]
    return "\n".join(lines)
