"""The dashboard at `/`: pages over `campaigns.desk`, built with NiceGUI; it translates and shows, and never decides.

To add a page, write `pages/NAME.py` and add NAME to `pages.NAMES`:

    @page("/rules/{code}", title="rules.title", menu="rules.menu", needs=Role.READ)
    async def rules(view: View, code: str) -> None:
        text(view.t("rules.title"), "h1")
        count = text("", "p")

        async def refresh() -> None:
            say(count, view.t("rules.count", n=len(await view.desk.people.rules(code))))

        await view.live(refresh)

- **Words.** No text stands in page code: `view.t("section.key", n=5)` takes it from `catalogue/en.toml` and `nl.toml`,
  which have the same keys. A value `one | many` is chosen by `n`; whole numbers are written as the language does.
- **Formats.** `view.formats` writes numbers, shares, moments, durations and money; moments are in the browser's zone.
- **Elements.** `elements.text`, `box`, `button`, `link`, `card`, `table` make plain HTML with classes of `look.css`:
  neither Tailwind nor inline colours. A colour never stands alone: `elements.badge` writes the word too (`tones.py`).
- **In place.** `view.live(refresh)` runs `refresh` at once, within what a first paint may take, then twice a second.
  It sets texts and numbers of elements that are there (`say`, `put`, `show`, `retone`); rows are added and taken away
  one by one (`rows.Rows`). Nothing is built again.
- **Acts.** `await view.act(desk.acts.…, done)` does it and says so in the live region, or what went wrong, in plain
  words. `await view.confirm(effect)` asks first, with the words of `desk.acts.effect`. `view.may(Role.OPERATE)` says
  whether to show a button; who may not is refused by the desk in any case.
- **Long tables** are `listing.Listing`: an element a row. **Forms** are `fields.Field` and `Choice`; `asking.Asking`
  puts them into a dialog that says what will happen, and stays open where it cannot be done.
"""
