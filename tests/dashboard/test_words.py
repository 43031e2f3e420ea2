"""What the dashboard says stands in its catalogues, in both languages, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import campaigns.dashboard
from campaigns.dashboard.tones import ATTEMPTS, DARK, DISPOSITIONS, LEADS, LIGHT, OUTCOMES, STATES
from campaigns.dashboard.words import LANGUAGES, preferred, words
from campaigns.desk.access import Role
from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome

HOME = Path(campaigns.dashboard.__file__).parent
SOURCES = sorted(path for path in HOME.rglob("*.py"))
WORDS = {
    "state": CampaignState, "outcome": Outcome, "disposition": Disposition, "lead": LeadState, "attempt": AttemptState,
    "role": Role,
}  # fmt: skip


def test_both_languages_have_the_same_keys_with_the_same_blanks() -> None:
    blanks = {
        code: {key: (set(re.findall(r"{(\w+)}", text)), " | " in text) for key, text in words(code).texts.items()}
        for code in LANGUAGES
    }
    assert blanks["en"] == blanks["nl"]


def test_every_text_of_the_other_language_is_its_own() -> None:
    same = {key for key, text in words("nl").texts.items() if text == words("en").texts[key] and " " in text}
    assert same <= {"reports.xlsx"}  # names of formats are the same everywhere


@pytest.mark.parametrize("section", WORDS)
def test_every_word_of_the_trade_has_a_text_and_a_colour(section: str) -> None:
    assert all(words("en").has(f"{section}.{word}") for word in WORDS[section])
    tones = {"state": STATES, "outcome": OUTCOMES, "disposition": DISPOSITIONS, "lead": LEADS, "attempt": ATTEMPTS}
    assert section == "role" or set(tones[section]) == set(WORDS[section])


def _asked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "t":
                yield str(node.args[0].value)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_text_that_is_asked_for_is_there(path: Path) -> None:
    assert [key for key in _asked(ast.parse(path.read_text())) if not words("en").has(key)] == []


@pytest.mark.parametrize("path", sorted([*HOME.glob("pages/*.py"), *HOME.glob("parts/*.py")]), ids=lambda p: p.stem)
def test_no_text_stands_in_the_code_of_a_page(path: Path) -> None:
    """Prose begins with a capital, or ends with a full stop, as no class and no key does."""
    tree = ast.parse(path.read_text())
    told = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.AsyncFunctionDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    told |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in told
    ]
    assert [text for text in texts if re.match(r"[A-Z][a-z]+( |$)|\w+ \w.*[.?!]$", text)] == []


def test_a_count_of_one_takes_the_singular_and_numbers_are_written_as_the_language_does() -> None:
    assert words("en")("campaigns.more", n=1) == "Show 1 more campaign"
    assert words("nl")("campaigns.more", n=1234) == "Nog 1.234 campagnes tonen"


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [("", "", "en"), ("", "nl-BE,nl;q=0.9,en;q=0.8", "nl"), ("en", "nl", "en"), ("xx", "de, nl;q=0.5", "nl")],
)
def test_the_language_is_what_was_chosen_else_what_the_browser_asks_for(
    cookie: str, accepted: str, language: str
) -> None:
    assert preferred(cookie, accepted) == language


def test_the_colours_of_canvases_are_those_of_the_style_sheet() -> None:
    light, dark = re.findall(
        r"^body(?:\.body--dark)? {(.*?)^}", (HOME / "look.css").read_text(), re.MULTILINE | re.DOTALL
    )[:2]
    for block, colours in ((light, LIGHT), (dark, DARK)):
        found = dict(re.findall(r"--(\w+): (#\w+);", block))
        assert {name: found[name] for name in colours} == colours
