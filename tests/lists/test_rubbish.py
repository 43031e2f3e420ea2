"""What is no archive, no rules and no settings is refused in words, and no file fills the memory."""

import gzip
from pathlib import Path

import pytest

from campaigns.archives import rows_of
from campaigns.domain.errors import InputError
from campaigns.rules import load_rules
from campaigns.settings import read_settings

_LAUGH = "- &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"- &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
)
_PACKED = gzip.compress(b'{"archive": 1}\n{"campaigns": {}}\n' * 9, mtime=0)


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    "text",
    [
        _LAUGH, "[" * 5_000 + "]" * 5_000, "- &a [*a]\n", "- {id: 2026-02-30}\n", "- " + "9" * 5_000, "",
        "\0", "- a: b: c",
        "- !!python/object/apply:os.system ['x']\n", '- "\\U99999999"\n', "- {<<: 3}\n", "- {[a]: b}\n",
        "#" * 1_000_001,
    ],
)  # fmt: skip
def test_rules_that_are_none_are_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(InputError, match=r"own\.yaml"):
        load_rules(tmp_path / "own.yaml")


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    "raw",
    [
        b"", b"hello", _PACKED[:-9], _PACKED[:14] + b"\xff\xff\xff" + _PACKED[17:], gzip.compress(b"3\n" * 9, mtime=0),
        gzip.compress(b"[" * 200_000 + b"\n[\n", mtime=0), gzip.compress(b"\xff\n\xff\n", mtime=0),
    ],
)  # fmt: skip
def test_an_archive_that_is_damaged_is_told_in_words(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x.archive.jsonl.gz").write_bytes(raw)
    with pytest.raises(InputError, match=r"x\.archive"):
        rows_of(tmp_path / "x.archive.jsonl.gz")


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    "text", ["a = " + "[" * 5_000, "a" + ".a" * 20_000 + " = 1", "a = " + "9" * 5_000, "[a]\n[a]\n"]
)
def test_settings_nested_without_end_are_refused_while_they_are_small(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(InputError, match=r"own\.toml"):
        read_settings(tmp_path / "own.toml", environ={})
