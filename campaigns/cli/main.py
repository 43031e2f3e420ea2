"""The command `campaigns`: global options, and errors turned into exit codes in one place."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command
from typer.models import CommandInfo, TyperInfo

from campaigns.domain.errors import AccountRefused, CampaignsError, InputError, VendorError
from campaigns.failpoints import VARIABLE, arm

from . import completing
from .context import Globals, err, set_up_logs
from .stderr import guard_stderr

_HOMES = {
    "starting": ("init",),
    "running": ("run", "worker", "call"),
    "planning": ("plan",),
    "steering": ("start", "pause", "resume", "stop", "resolve"),
    "listing": ("status",),
    "leads": ("leads", "attempts"),
    "reporting": ("report",),
    "explaining": ("explain",),
    "people": ("suppress",),
    "erasing": ("erase",),
    "consents": ("consent",),
    "rules": ("rules",),
    "tokens": ("token",),
    "inspecting": ("validate", "doctor", "schema", "providers"),
    "archiving": ("archive",),
    "keeping": ("backup", "restore", "adopt"),
    "journal": ("journal",),
    "simulating": ("simulator",),
    "showing": ("dashboard",),
    "agents": ("mcp",),
}
"""Where each command lives: only what is asked for is imported, because all of them together take a second."""

_PANELS = {
    "Begin": ("init", "validate", "plan", "run"),
    "Call people": ("start", "pause", "resume", "stop", "worker", "call"),
    "Look": ("status", "leads", "attempts", "explain", "report"),
    "Decide about people": ("resolve", "suppress", "consent", "erase", "rules"),
    "Let others in": ("dashboard", "token", "mcp"),
}
"""How the help groups the commands, in the order in which somebody new meets them."""
_OTHERS = "Set up and look after"

_FLAGS = ("--json", "-v", "--verbose")
_VALUES = ("--settings", "--db")
# Newer versions of typer carry a click of their own, so the class is found by way of what every version exports.
_WrongUsage: type[Exception] = typer.BadParameter.__bases__[0]


def _global(
    context: typer.Context,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="Settings file; default: ./campaigns.toml.")
    ] = None,
    db: Annotated[
        str | None,
        typer.Option("--db", help="Database, such as sqlite:///campaigns.db or postgresql://user@host/name."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, logs on stderr.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every transition.")] = False,
) -> None:
    context.obj = Globals(settings, db, json, verbose)
    set_up_logs(verbose=verbose)


def command_line(command: str | None = None) -> typer.Typer:
    """The program with the one command that is asked for, or with all, where there is none of that name."""
    cli = _program()
    homes = [home for home, commands in _HOMES.items() if command in commands] or list(_HOMES)
    for home in homes:
        import_module(f".{home}", __package__).register(cli)
    _arrange(cli)
    return cli


def _arrange(cli: typer.Typer) -> None:
    """Groups what is registered for the help."""
    panel = {command: title for title, commands in _PANELS.items() for command in commands}
    order = {command: place for place, command in enumerate(panel)}
    registered: list[CommandInfo | TyperInfo] = [*cli.registered_commands, *cli.registered_groups]
    for each in registered:
        each.rich_help_panel = panel.get(_name(each), _OTHERS)
    cli.registered_commands.sort(key=lambda each: order.get(_name(each), len(order)))


def _name(each: CommandInfo | TyperInfo) -> str:
    return each.name or (each.callback.__name__ if each.callback else "")


def _program() -> typer.Typer:
    cli = typer.Typer(
        name="campaigns",
        help="Outbound calling campaigns: plan, dial, and settle an outcome for every contact.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    cli.callback()(_global)
    return cli


def completion_line(words: Sequence[str]) -> typer.Typer:
    """The program for a shell that completes `words`: the command that is typed, and the names of all others."""
    known = [name for commands in _HOMES.values() for name in commands]
    command = next((word for word in words if word in known), None)
    home = next((home for home, commands in _HOMES.items() if command in commands), None)
    cli = _program()
    if home is not None:
        import_module(f".{home}", __package__).register(cli)
    completing.add_names(cli, [name for name in known if home is None or name not in _HOMES[home]])
    return cli


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Exits 0 done, 1 a person is needed, 2 wrong input, 3 stopped early, 4 account refused."""
    guard_stderr()
    sys.exit(_armed() or run(list(sys.argv[1:] if arguments is None else arguments)))


def _armed() -> int:
    """Where failpoints are asked for, say so as loudly as can be; 2: nobody knows what is asked for."""
    try:
        asked = arm(os.environ)
    except ValueError as error:
        err.print(f"error {error}", markup=False)
        return 2
    if asked:
        err.print(
            f"FAILPOINTS ARE ON: {VARIABLE}={asked} lets this process kill or break itself. Unset it.", markup=False
        )
    return 0


def run(arguments: list[str]) -> int:
    """The same, returning the exit code."""
    try:
        options, rest = _hoisted(arguments)
        _check_command(rest)
        asked = completing.SWITCH in os.environ
        cli = completion_line(completing.words(os.environ)) if asked else command_line(rest[0] if rest else None)
        code = get_command(cli).main([*options, *rest], prog_name="campaigns", standalone_mode=False)
    except typer.Exit as exit_:
        return exit_.exit_code
    except _WrongUsage as error:
        error.show()  # type: ignore[attr-defined] # every click error has it
        return 2
    except (typer.Abort, KeyboardInterrupt):
        err.print("Stopped. Run the same command again to go on.")
        return 3
    except BrokenPipeError:
        return 0
    except BaseExceptionGroup as group:
        return _grouped(group, arguments)
    except CampaignsError as error:
        return _told(error)
    except Exception as error:  # noqa: BLE001 - the outermost door
        return _fault(error, arguments)
    return code if isinstance(code, int) else 0


def _grouped(group: BaseExceptionGroup[BaseException], arguments: list[str]) -> int:
    """Task groups wrap what their tasks raise."""
    ours, rest = group.split(CampaignsError)
    if rest is not None:
        return _fault(_leaf(rest), arguments)
    return _told(_leaf(ours or group))


def _leaf(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _told(error: BaseException) -> int:
    problems = error.problems if isinstance(error, InputError) else [error]
    for problem in problems:
        text = str(problem).removeprefix("campaigns: ").replace("[", "\\[")
        err.print(f"[bold red]error[/] {text}")
    if isinstance(error, VendorError):
        return 3  # it may answer the next time, and nothing is lost
    return 4 if isinstance(error, AccountRefused) else 2


def _fault(error: BaseException, arguments: list[str]) -> int:
    """A mistake of this program. Its text may hold a phone number, so only -v shows it. 3: it can be gone on with."""
    if {"-v", "--verbose"} & set(arguments):
        traceback.print_exception(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    err.print(f"[bold red]error[/] This is a fault of the program itself: {type(error).__name__}{place}.")
    err.print("Whatever was dialled is written down; run the same command to go on, with -v to see the whole fault.")
    return 3


def _check_command(rest: Sequence[str]) -> None:
    """Whoever types the file alone is told what can be done with it."""
    if rest and rest[0].endswith((".yaml", ".yml")):
        asked = " ".join(f"`campaigns {word} {rest[0]}`" for word in ("validate", "plan", "run"))
        raise InputError(f"'{rest[0]}' is a file, and no command says what to do with it. Write one of {asked}.")


def _hoisted(arguments: list[str]) -> tuple[list[str], list[str]]:
    """(global options, the rest): they may stand after the command too: `campaigns run FILE --json`."""
    first: list[str] = []
    rest: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if word == "--":
            rest += [word, *pending]
            break
        if word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _VALUES)):
            first.append(word)
        elif word in _VALUES:
            if not pending:
                raise InputError(f"{word}: write a value after it.")
            first += [word, pending.pop(0)]
        else:
            rest.append(word)
    return first, rest
