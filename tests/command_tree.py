"""The command line as a tree, and whether a line that somebody wrote down is one that it takes."""

import shlex
from functools import cache

from typer.main import get_command

from campaigns.cli.main import _hoisted, command_line

_AT_ONCE = ("--install-completion", "--show-completion", "--help")
"""Options that act while they are read."""


@cache
def program():
    """The root, with every command below it."""
    return get_command(command_line())


def commands(group=None, path=()):
    """(words, command) of every command and every group, hidden ones too."""
    for name, command in (group or program()).commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


def check(line: str) -> None:
    """Raises what the program would answer to a line that it does not understand; runs nothing."""
    words = shlex.split(line)
    assert words[0] == "campaigns", line
    if words[1] in _AT_ONCE:
        return
    options, rest = _hoisted(words[1:])
    command, context = program(), None
    arguments = [*options, *rest]
    while hasattr(command, "commands"):
        context = command.make_context("campaigns", arguments, parent=context)
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        _, command, arguments = command.resolve_command(context, rest)
    command.make_context(command.name, arguments, parent=context)
