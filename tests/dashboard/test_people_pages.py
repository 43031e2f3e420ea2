"""The pages about people, rules and access in a real browser, by keyboard, in both languages, and on a phone."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.system

ANN, RAY, ADA = "secret-of-ann", "secret-of-ray", "secret-of-ada"
LEADS = "/campaigns/dentist-reminders/leads"
DIALOG = "[role=dialog]"
LIST = b"Naam;Telefoon\nAda;+442079460111\nGrace;020 7946 0112\nMary;+442079460111\nNobody;none\nEmil;+442079460113\n"


def tab_to(page: Any, words: str, most: int = 60) -> None:
    """Go there as a person with only a keyboard does."""
    for _ in range(most):
        if page.evaluate("document.activeElement?.innerText") == words:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"'{words}' cannot be reached")


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def stands_on(page: Any, words: str) -> None:
    """Wait until the keyboard is there."""
    page.wait_for_function("(words) => document.activeElement?.innerText === words", arg=words)


def gone(page: Any) -> None:
    """Wait until no dialog is open."""
    page.wait_for_selector(DIALOG, state="detached")


def test_a_contact_is_shown_whole_and_called_back_and_erased_with_the_keyboard_alone(site: Any, faults: Any) -> None:
    page = site.page(token=ADA)
    page.goto("/leads/lead-3")
    page.wait_for_selector("h1:text-is('Émilie du Châtelet')")
    said = page.inner_text(".page")
    assert "Not called now: closed before 13:00" in said
    assert "10:05 Europe/London" in said
    assert "asks for a text message" in said
    assert not page.is_visible("text=Good morning, this is the dental practice.")
    tab_to(page, "Transcript")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Good morning, this is the dental practice.")
    assert page.locator(".moment").count() == 4
    assert faults(page) == []
    site.picture(page, "contact")

    page.focus("a.skip")
    tab_to(page, "Call back at …")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{DIALOG} >> text=Calling hours and the law still hold")
    assert faults(page) == []
    site.picture(page, "call_back")
    page.fill(f"{DIALOG} input", "2026-11-20T09:00")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{DIALOG} [role=alert]:has-text('That is over.')")
    page.fill(f"{DIALOG} input", "2026-11-24T15:30")
    tab_to(page, "Promise the call")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('They are called from 15:30 on.')")
    gone(page)
    stands_on(page, "Call back at …")
    page.wait_for_selector("text=A call is promised for Tue 24 Nov 16:30.")

    tab_to(page, "Erase …")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{DIALOG} >> text=Nothing brings it back.")
    stands_on(page, "Cancel")
    page.fill(f"{DIALOG} input", "+442079460099")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{DIALOG} [role=alert]:has-text('That is another number.')")
    page.fill(f"{DIALOG} input", "+442079460003")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{DIALOG} >> text=the list contacts.csv still names them")
    site.picture(page, "erased")
    page.keyboard.press("Escape")
    gone(page)
    assert site.complaints == []


def test_whoever_may_only_look_sees_no_number_no_words_and_no_button(site: Any) -> None:
    page = site.page(token=RAY)
    page.goto("/leads/lead-6")
    page.wait_for_selector(".moment")
    assert "+4420794600" not in page.content()
    assert "Good morning" not in page.content()
    assert page.locator(".page button").count() == 0
    page.goto("/do-not-call")
    page.wait_for_selector("tbody tr")
    assert page.locator("tbody button").count() == 0
    for path in ("/do-not-call/import", "/tokens"):
        page.goto(path)
        page.wait_for_selector("text=This page needs the role")
    assert site.complaints == []


def test_leads_of_a_million_come_a_page_at_a_time_and_by_outcome(site: Any, faults: Any) -> None:
    page = site.page(token=ANN)
    page.goto("/campaigns/winter-survey-of-the-northern-provinces-2026/leads")
    page.wait_for_selector("text=1,000,000 leads in this campaign")
    assert page.locator("tbody tr").count() == 50
    assert "<b>Maria</b> Gaetana Agnesi" in page.inner_text("tbody")
    assert faults(page) == []
    site.picture(page, "leads")
    page.select_option("select[name=outcome]", "do_not_call")
    page.click("button:text-is('Show')")
    page.wait_for_url(re.compile("outcome=do_not_call"))
    page.wait_for_selector("text=of 1,000,000 leads")
    assert set(page.locator("tbody .badge").all_inner_texts()) == {"Do not call"}
    first = page.inner_text("tbody tr:first-child a")
    key = page.inner_text("tbody tr:first-child .sub")
    page.click("text=Next page")
    page.wait_for_url(re.compile("outcome=do_not_call.*after="))
    page.wait_for_selector("text=First page")
    assert page.inner_text("tbody tr:first-child .sub") > key
    page.click("text=First page")
    page.wait_for_selector(f"tbody tr:first-child a:text-is('{first}')")
    assert site.complaints == []


def test_somebody_is_found_and_what_was_typed_is_in_no_request(site: Any, faults: Any) -> None:
    page = site.page(token=ANN)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/search")
    page.wait_for_selector("input[type=search]:focus")
    page.keyboard.type("+442079460007")
    page.keyboard.press("Enter")
    page.wait_for_selector("tbody a:text-is('Mary Somerville')")
    tab_to(page, "Mary Somerville")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/leads/lead-7$"))
    page.wait_for_selector(".moment")
    page.go_back()
    page.wait_for_selector("tbody a:text-is('Mary Somerville')")
    assert page.input_value("input[type=search]") == "+442079460007"
    assert not [url for url in asked if "442079460007" in url]
    page.fill("input[type=search]", "nobody")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('Nobody was found.')")
    page.fill("input[type=search]", "hopper")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=The first 100 are shown.")
    assert faults(page) == []
    site.picture(page, "search")
    assert site.complaints == []


def test_a_list_is_looked_at_before_its_numbers_are_barred_and_an_entry_is_removed(site: Any, faults: Any) -> None:
    page = site.page(token=ANN)
    page.goto("/do-not-call/import")
    page.wait_for_selector("button:text-is('Choose a file …')")
    with page.expect_file_chooser() as chooser:
        page.focus("a.skip")
        tab_to(page, "Choose a file …")
        page.keyboard.press("Enter")
    chooser.value.set_files({"name": "returned.csv", "mimeType": "text/csv", "buffer": LIST})
    page.wait_for_selector("text=Column with the numbers")
    assert page.locator("select").first.input_value() == "Telefoon"
    page.get_by_label("Country of numbers without +").fill("gb")
    page.get_by_label("Who says so").fill("the regulator")
    page.get_by_label("Proof").fill("letter of 3 May")
    page.click("text=Look at it")
    page.wait_for_selector("text=3 numbers can be read and will be added.")
    said = page.inner_text(".page")
    assert "1 row repeats a number of this file." in said
    assert "1 row cannot be read" in said
    assert page.inner_text("tbody tr td") == "5"
    assert faults(page) == []
    site.picture(page, "import")
    page.click("button:text-is('Add 3 numbers')")
    page.wait_for_selector("text=3 numbers are new on the list.")

    page.goto("/do-not-call")
    row = "tbody tr:has-text('letter of 3 May')"
    page.wait_for_selector(row)
    assert page.locator(row).count() == 3
    assert "the regulator" in page.inner_text(row)
    page.locator(row).first.get_by_role("button").press("Enter")
    page.wait_for_selector(f"{DIALOG} >> text=Campaigns may call this number again")
    assert faults(page) == []
    site.picture(page, "do_not_call")
    page.click(f"{DIALOG} button.danger")
    page.wait_for_function("document.querySelectorAll('tbody tr').length > 0")
    page.wait_for_selector("[role=status]:has-text('The entry is removed.')")
    page.get_by_label("Find an entry").fill("letter of 3 May")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('tbody tr').length === 2")
    page.click("text=Add a number …")
    page.get_by_role("textbox", name="Number").fill("+442079460144")
    page.locator(DIALOG).get_by_label("Proof").fill("letter of 3 May, too")
    page.click(f"{DIALOG} button.danger")
    page.wait_for_selector("tbody tr:has-text('letter of 3 May, too')")
    assert site.complaints == []


def test_a_jurisdiction_is_closed_and_opened_and_every_rule_has_its_sources(site: Any, faults: Any) -> None:
    page = site.page(token=ADA)
    page.goto("/rules")
    page.wait_for_selector("text=Data with sources, no legal advice")
    page.wait_for_selector("article h2:text-is('US-FL · Calls in Florida')")
    page.click("article:has-text('US-FL') summary")
    page.wait_for_selector("a[href='https://law.example/us-fl/calling']")
    page.click("text=Close a jurisdiction …")
    page.locator(DIALOG).get_by_label("Jurisdiction").fill("US-FL")
    page.locator(DIALOG).get_by_label("Why").fill("a hurricane")
    assert faults(page) == []
    site.picture(page, "close")
    page.keyboard.press("Enter")
    page.wait_for_selector("article:has-text('US-FL') >> text=ada: a hurricane")
    gone(page)
    assert faults(page) == []
    site.picture(page, "rules")
    page.click("article:has-text('US-FL') >> text=Open again")
    page.click(f"{DIALOG} button.primary")
    page.wait_for_selector("article >> text=a hurricane", state="detached")
    page.goto("/rules?code=ZZZ")
    page.wait_for_selector("text=Did you mean NL?")
    assert site.complaints == []


def test_a_token_is_handed_out_once_and_taken_back(site: Any, faults: Any) -> None:
    page = site.page(token=ADA)
    page.goto("/tokens")
    page.click("text=Add a token …")
    page.get_by_label("Name").fill("ann")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{DIALOG} [role=alert]:has-text('There is a token')")
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Role").select_option("operate")
    page.click(f"{DIALOG} button.primary")
    page.wait_for_selector(f"{DIALOG} code:text-is('secret-of-bob')")
    assert faults(page) == []
    site.picture(page, "token")
    page.click("text=I have it")
    gone(page)
    assert "secret-of-bob" not in page.content()
    other = site.page(token="secret-of-bob")
    other.wait_for_selector("text=bob · may operate")
    page.get_by_role("button", name="Revoke: bob").press("Enter")
    page.click(f"{DIALOG} button.danger")
    page.wait_for_selector("tbody:has-text('bob')", state="detached")
    other.goto("/")
    other.wait_for_selector("#secret")
    assert site.complaints == []


def test_doubts_of_every_campaign_are_decided_and_health_is_told_in_words(site: Any, faults: Any) -> None:
    page = site.page(token=ANN)
    page.goto("/doubts")
    page.wait_for_selector(".doubt a:text-is('dentist-reminders')")
    assert page.locator(".doubt").count() == 3
    assert faults(page) == []
    site.picture(page, "doubts")
    page.click(".doubt:first-child button:text-is('It did not')")
    page.click(f"{DIALOG} button.primary")
    page.wait_for_function("document.querySelectorAll('.doubt').length === 2")
    page.goto("/health")
    page.wait_for_selector("text=1 thing needs you.")
    assert "No worker is running" in page.inner_text(".check:has-text('Not right')")
    assert faults(page) == []
    site.picture(page, "health")
    assert site.complaints == []


PATHS = ("/leads/lead-9", LEADS, "/search#ada", "/rules", "/do-not-call", "/do-not-call/import", "/doubts", "/health")


def test_on_a_phone_in_the_dark_and_in_dutch_nothing_is_cut(site: Any, faults: Any) -> None:
    page = site.page(token=ADA, phone=True, color_scheme="dark")
    page.goto("/preferences?language=nl&back=/health")
    for path in (*PATHS, "/tokens", "/reports"):
        page.goto(path)
        page.wait_for_selector("h1")
        page.wait_for_selector(
            "tbody tr, article, .check, .moment, .doubt, .report, button:text-is('Bestand kiezen …')"
        )
        assert page.get_attribute("html", "lang") == "nl"
        assert sideways(page) <= 0, path
        assert faults(page) == [], path
        site.picture(page, "phone_" + re.sub(r"\W+", "_", path).strip("_"))
    assert site.complaints == []
