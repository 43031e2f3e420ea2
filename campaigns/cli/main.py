"""The command `campaigns`: global options, and errors turned into exit codes in one place."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import click
import typer
from typer.main import get_command

from campaigns.domain.errors import AccountRefused, CampaignsError, InputError

from . import inspecting, listing, people, running, steering
from .context import Globals, err, set_up_logs

cli = typer.Typer(
    name="campaigns",
    help="Outbound calling campaigns: plan, dial, and settle an outcome for every contact.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (running, steering, listing, people, inspecting):
    module.register(cli)

_FLAGS = ("--json", "-v", "--verbose")
_VALUES = ("--settings", "--db")


@cli.callback()
def _global(
    context: typer.Context,
    settings: Annotated[Path | None, typer.Option("--settings", help="Settings file; default: ./campaigns.toml.")] = None,
    db: Annotated[str | None, typer.Option("--db", help="Database, such as sqlite:///campaigns.db.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON document on stdout, logs on stderr.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every transition.")] = False,
) -> None:
    context.obj = Globals(settings, db, json, verbose)
    set_up_logs(verbose=verbose)


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script. Exit codes: 0 done, 1 a person is needed, 2 wrong input, 3 stopped early, 4 account refused."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """The same, returning the exit code."""
    try:
        code = get_command(cli).main(_hoisted(arguments), prog_name="campaigns", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        return 3
    except KeyboardInterrupt:
        err.print("Stopped. Run the same command again to go on.")
        return 3
    except BaseExceptionGroup as group:
        return _reported(group)
    except CampaignsError as error:
        return _told(error)
    except BrokenPipeError:
        return 0
    return code if isinstance(code, int) else 0


def _reported(group: BaseExceptionGroup[BaseException]) -> int:
    """Task groups wrap what their tasks raise."""
    ours, rest = group.split(CampaignsError)
    if rest is not None or ours is None:
        raise group
    leaf: BaseException = ours
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return _told(leaf)


def _told(error: BaseException) -> int:
    if isinstance(error, InputError):
        for problem in error.problems:
            text = str(problem).removeprefix("campaigns: ")
            err.print(f"[bold red]error[/] {_plain(text)}")
        return 2
    err.print(f"[bold red]error[/] {_plain(str(error))}")
    return 4 if isinstance(error, AccountRefused) else 2


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


def _hoisted(arguments: list[str]) -> list[str]:
    """Global options may stand after the command too: `campaigns run FILE --json`."""
    first, rest = [], []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if word == "--":
            rest += [word, *pending]
            break
        if word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _VALUES)):
            first.append(word)
        elif word in _VALUES and pending:
            first += [word, pending.pop(0)]
        else:
            rest.append(word)
    return first + rest
