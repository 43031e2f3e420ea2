"""An uploaded campaign file with its lists, put down in a folder: it may name what came with it, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from campaigns.domain.errors import InputError, Problem
from campaigns.domain.sources import FileList
from campaigns.files import Loaded, parse_campaign

_PLAIN = re.compile(r"[^\W_][^\x00-\x1f\x7f/\\:*?\"<>|]{0,149}")
"""A name in the folder itself, on every system; it does not begin with a dot."""


def is_plain(name: str) -> bool:
    """Whether a file of this name can be put down beside others, and nowhere else."""
    return bool(_PLAIN.fullmatch(name)) and name == name.strip() and not name.endswith(".")


def put_down(document: str, files: Mapping[str, bytes], folder: Path, *, name: str = "campaign.yaml") -> Loaded:
    """Write it all into `folder`, and read the campaign file there.

    Raises InputError where the file is wrong, or names a list that did not come with it: no upload reads what lies on
    this machine.
    """
    if wrong := [each for each in (name, *files) if not is_plain(each)]:
        mend = "Name files by letters, digits, blanks, dots and dashes, without a folder."
        raise InputError([Problem(each[:60], "This is no plain name of a file.", mend) for each in wrong])
    if name in files:
        raise InputError([Problem(name, "The campaign file and a list have the same name.", "Give it another.")])
    loaded = parse_campaign(document, name=str(folder / name))
    if missing := list(_missing(loaded, files)):
        raise InputError(missing)
    for each, content in files.items():
        (folder / each).write_bytes(content)
    (folder / name).write_text(document, "utf-8")
    return loaded


@contextmanager
def as_sent(folder: Path) -> Iterator[None]:
    """Errors about files in `folder` name them as whoever sent them knows them."""
    try:
        yield
    except InputError as error:
        raise InputError([_without(f"{folder}/", problem) for problem in error.problems]) from None


def _without(here: str, problem: Problem) -> Problem:
    return Problem(*(text.replace(here, "") for text in (problem.where, problem.what, problem.mend)))


def _missing(loaded: Loaded, files: Mapping[str, bytes]) -> Iterator[Problem]:
    campaign, sent = loaded.campaign, ", ".join(files) or "none"
    lists = [("contacts", n, each.file) for n, each in enumerate(campaign.contacts) if isinstance(each, FileList)]
    lists += [("exclude", n, each.file) for n, each in enumerate(campaign.exclude)]
    for key, index, file in lists:
        if file not in files:
            what = f"The list '{file[:60]}' did not come with it."
            yield Problem(loaded.where(key, index, "file"), what, f"Send it too, by that name. There came: {sent}.")
