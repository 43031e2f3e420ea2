"""The dashboard in a real browser: signing in, looking, steering by keyboard alone, dark, Dutch, and on a phone."""

import re
from typing import Any

import pytest

pytestmark = pytest.mark.system

ANN, RAY = "secret-of-ann", "secret-of-ray"
FIRST = "section:has(a:text-is('dentist-reminders'))"
CARDS = "[...document.querySelectorAll('section.campaign')]"
PLACES = "JSON.stringify(window.seen.map(card => [card.offsetTop, card.offsetHeight]))"
REMEMBER = f"window.seen = {CARDS}; window.places = {PLACES}"
SAME = f"window.seen.every((card, place) => card === {CARDS}[place]) && window.places === {PLACES}"


def press_until(page: Any, key: str, selector: str, most: int = 60) -> None:
    """Go there as a person with only a keyboard does."""
    for _ in range(most):
        if page.evaluate("(selector) => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} cannot be reached by {key}")


def sideways(page: Any) -> int:
    """By how many pixels the page is wider than the window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def test_a_token_lets_in_a_wrong_one_does_not_and_a_link_does_once(site: Any, faults: Any) -> None:
    page = site.page()
    page.goto("/campaigns/dentist-reminders")
    assert faults(page) == []
    site.picture(page, "login")
    page.fill("#secret", "guessed")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:has-text('not known')")
    site.complaints.remove(f"403 {site.address}/login")
    site.complaints[:] = [text for text in site.complaints if "403" not in text]
    page.fill("#secret", ANN)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Campaigns')")
    page.click("text=Sign out")
    page.wait_for_selector("#secret")

    page.goto(site.link)
    page.wait_for_selector("text=administrator")
    other = site.page()
    other.goto(site.link)
    other.wait_for_selector("[role=alert]:has-text('used already')")
    site.complaints[:] = [text for text in site.complaints if "403" not in text]
    assert site.complaints == []


def test_every_campaign_is_there_in_words_and_moves_on_in_place(site: Any, faults: Any) -> None:
    page = site.page(token=ANN)
    page.wait_for_selector(f"{FIRST} >> text=Active")
    assert page.locator("section.campaign").count() == 4
    assert "The provider refuses the account" in page.inner_text("body")
    progress = page.get_attribute(f"{FIRST} .progress", "aria-label")
    assert re.match(r"Progress: Reached \d+ %, Refused 4 %, .*Open \d+ %", progress)
    assert faults(page) == []
    site.picture(page, "campaigns")

    page.evaluate(REMEMBER)
    reached = page.inner_text(f"{FIRST} .legend li")
    page.wait_for_function(
        "([path, old]) => document.querySelector(path).innerText !== old", arg=[".legend li", reached], timeout=20_000
    )
    assert page.evaluate(SAME)
    assert site.complaints == []


def test_whoever_may_only_look_is_offered_no_button(site: Any) -> None:
    page = site.page(token=RAY)
    page.wait_for_selector("section.campaign")
    assert page.locator("section.campaign button").count() == 0
    page.goto("/campaigns/dentist-reminders")
    page.wait_for_selector(".doubt")
    assert page.locator(".doubt button, .doubt select").count() == 0
    assert site.complaints == []


def test_a_campaign_is_paused_and_resumed_with_the_keyboard_alone(site: Any, faults: Any) -> None:
    page = site.page(token=ANN)
    page.wait_for_selector(f"{FIRST} >> text=Active")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to the content"
    page.keyboard.press("Enter")
    button = "button[aria-label='Pause dentist-reminders']"
    press_until(page, "Tab", button)
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=dialog] >> text=No more calls begin.")
    assert faults(page) == []
    site.picture(page, "confirm")
    page.keyboard.press("Escape")
    page.wait_for_selector("[role=dialog]", state="detached")
    assert page.evaluate("document.activeElement.ariaLabel") == "Pause dentist-reminders"

    page.keyboard.press("Enter")
    page.wait_for_selector("[role=dialog] >> text=No more calls begin.")
    press_until(page, "Tab", "[role=dialog] button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=status]:has-text('dentist-reminders is paused.')")
    page.wait_for_selector(f"{FIRST} >> .badge:text-is('Paused')")
    page.wait_for_selector(f"{FIRST} >> text=paused by ann")
    page.wait_for_selector("[role=dialog]", state="detached")
    assert page.evaluate("document.activeElement.ariaLabel") == "Resume dentist-reminders"
    page.keyboard.press("Enter")
    press_until(page, "Tab", "[role=dialog] button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{FIRST} >> .badge:text-is('Active')")
    assert site.complaints == []


def test_a_campaigns_page_shows_its_past_its_calls_and_its_doubts_which_a_person_decides(
    site: Any, faults: Any
) -> None:
    page = site.page(token=ANN)
    page.click("text=dentist-reminders")
    page.wait_for_selector(".canvas svg")
    page.wait_for_selector("img[src$='forecast.svg']")
    page.wait_for_selector("td[title='38 of 100 calls answered: 38 %'], td[title*='calls answered']")
    assert "outside the calling hours" in page.inner_text("body")
    assert page.locator(".doubt").count() == 3
    label = page.get_attribute(".chart", "aria-label")
    assert label.startswith("Outcomes over time: Reached")
    page.click("text=The same as a table")
    page.wait_for_selector("details table tbody tr")
    assert faults(page) == []
    site.picture(page, "campaign")

    page.select_option(".doubt:first-child select", "voicemail")
    page.click(".doubt:first-child button:text-is('It took place')")
    page.wait_for_selector("[role=dialog] >> text=The attempt counts as: Voicemail.")
    page.click("[role=dialog] button.primary")
    page.wait_for_function("document.querySelectorAll('.doubt').length === 2")
    page.goto("/campaigns/nobody")
    page.wait_for_selector("text=There is no campaign 'nobody'")
    assert site.complaints == []


@pytest.mark.parametrize("path", ["/", "/campaigns/dentist-reminders"])
def test_it_is_dark_and_dutch_on_a_phone_and_nothing_is_cut(site: Any, faults: Any, path: str) -> None:
    page = site.page(token=ANN, phone=True)
    page.wait_for_selector("section.card")
    page.click("button:text-is('Menu')")
    page.click("text=Nederlands")
    page.wait_for_selector("h1:text-is('Campagnes')")
    page.click("button:text-is('Menu')")
    page.click("text=Donker")
    page.wait_for_selector("body.body--dark")
    page.goto(path)
    page.wait_for_selector("section.card >> text=Bereikt")
    if path != "/":
        page.wait_for_selector(".canvas svg")
    assert page.get_attribute("html", "lang") == "nl"
    assert sideways(page) <= 0
    assert faults(page) == []
    site.picture(page, f"phone{path.count('/')}")
    assert site.complaints == []


def test_it_follows_the_system_where_nothing_else_was_chosen(site: Any, faults: Any) -> None:
    page = site.page(token=ANN, color_scheme="dark")
    page.goto("/campaigns/dentist-reminders")
    page.wait_for_selector("body.body--dark")
    page.wait_for_selector(".canvas svg")
    assert faults(page) == []
    site.picture(page, "dark")
    assert site.complaints == []
