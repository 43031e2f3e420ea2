"""Files that come with a form."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread
from fastapi import UploadFile

from campaigns.desk.acts import Upload
from campaigns.desk.number_lists import read_numbers
from campaigns.desk.unpacking import as_sent, is_plain
from campaigns.domain.errors import InputError, Problem
from campaigns.files import MAX_BYTES


async def as_upload(document: UploadFile, lists: Sequence[UploadFile]) -> Upload:
    """A campaign file with its lists. Raises InputError where names or the file's text cannot be what they should."""
    name = _name(document)
    raw = await document.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise InputError([Problem(name, "This file is larger than 1 MB.", "Is it a contact list? Send it as `lists`.")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError([Problem(name, "This is not text in UTF-8.", "Save the file as UTF-8.")]) from None
    files: dict[str, bytes] = {}
    for each in lists:
        if _name(each) in files:
            raise InputError([Problem(_name(each), "Two lists have this name.", "Give one of them another.")])
        files[_name(each)] = await each.read()
    return Upload(text, files, name)


@asynccontextmanager
async def kept(files: Sequence[UploadFile]) -> AsyncIterator[tuple[Path, ...]]:
    """The files in a folder that is gone afterwards. Raises InputError where a name is none."""
    with TemporaryDirectory(prefix="campaigns-upload-") as folder:
        paths = []
        for each in files:
            path = Path(folder) / _name(each)
            path.write_bytes(await each.read())
            paths.append(path)
        yield tuple(paths)


async def numbers_of(path: Path, column: str, region: str | None) -> list[str]:
    """The numbers of a list that was sent. Raises InputError with every row that cannot be read."""
    with as_sent(path.parent):
        return await anyio.to_thread.run_sync(read_numbers, path, column, region)


def _name(file: UploadFile) -> str:
    name = file.filename or ""
    if not is_plain(name):
        mend = "Name files by letters, digits, blanks, dots and dashes, without a folder."
        raise InputError([Problem(name[:60] or "a file", "This is no plain name of a file.", mend)])
    return name
