"""One number in every form that people write it is one person: in a list, in two, in two campaigns."""

import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import phonenumbers
import pytest

from campaigns.domain.contact import parse_phone

_WRITTEN = {
    "GB": "+442079460001",
    "US": "+12125550101",
}


def _forms(number: str) -> Iterator[str]:
    """As libphonenumber writes it, and as people do."""
    read = phonenumbers.parse(number)
    shown = phonenumbers.PhoneNumberFormat
    for form in (shown.E164, shown.INTERNATIONAL, shown.NATIONAL, shown.RFC3966):
        text = phonenumbers.format_number(read, form)
        yield from (
            text,
            text.replace(" ", ""),
            text.replace(" ", "-"),
            text.replace("-", "."),
            f"'{text}",
            f" {text} ",
        )
    code, rest = str(read.country_code), phonenumbers.national_significant_number(read)
    yield from (f"00{code}{rest}", f"00 {code} {rest}", f"{code}{rest}", f"+{code}\xa0{rest}", f"(+{code}) {rest}")
    if code not in ("1", "39"):
        yield from (f"+{code} (0){rest}", f"+{code}(0) {rest}", f"0{rest}", f"(0{rest[:2]}) {rest[2:]}")


@pytest.mark.row("I3")
@pytest.mark.parametrize("region", _WRITTEN)
def test_every_two_ways_to_write_a_number_are_one_number(region, figure):
    number = _WRITTEN[region]
    forms = [form for form in dict.fromkeys(_forms(number)) if not (region == "US" and form.startswith("00"))]
    read = {form: parse_phone(form, region) for form in forms}
    doubles = sum(read[one] != read[other] for one, other in combinations(forms, 2))
    assert (set(read.values()), doubles) == ({number}, 0)
    figure(
        "I3", "pairs of forms that were two people", doubles, pairs=len(forms) * (len(forms) - 1) // 2, region=region
    )


@pytest.mark.row("I3")
def test_a_person_in_every_form_has_one_lead_in_a_campaign_of_two_lists_and_one_name_in_two_campaigns(
    cli, folder, figure
):
    forms = list(dict.fromkeys(_forms(_WRITTEN["GB"])))
    for name, half in (("people.csv", forms[::2]), ("more.csv", forms[1::2])):
        Path(name).write_text("Name,Mobile\n" + "".join(f'Ann,"{form}"\n' for form in half))
    text = Path("small.yaml").read_text().replace(", id: Id", "")
    text = re.sub(r"(?s)(  - file: people.csv.*?\n)(calling)", r"\1\1\2", text).replace("people.csv", "more.csv", 1)
    Path("small.yaml").write_text(text)
    Path("other.yaml").write_text(text.replace("campaign: small", "campaign: other"))
    said = [cli("run", name, "--json").data["contacts"] for name in ("small.yaml", "other.yaml")]
    assert [(one["read"], one["leads"], one["duplicate"]) for one in said] == [(len(forms), 1, len(forms) - 1)] * 2
    leads = [cli("leads", name, "--json").data for name in ("small", "other")]
    assert [len(each) for each in leads] == [1, 1]
    assert leads[0][0]["lead"] == leads[1][0]["lead"]
    figure("I3", "doubles", 0, rows=2 * len(forms), lists=2, campaigns=2)
