"""The stand-ins that keep contacts: their pages shift, their cursors die, and their truth remembers what was lost."""

import httpx
from foreign.callab import Callab
from foreign.callab import Rules as CallabRules
from foreign.callbell import Callbell, Rules
from foreign.flireo import Flireo
from foreign.standin import Habits
from foreign.wire import serving

KEY = {"Authorization": "Bearer foreign-key"}


def account(count, **more):
    vendor = Callbell(**more)
    for n in range(count):
        vendor.add(f"Person {n}", f"+4420794600{n:02}", ("to-call",))
    return vendor


def client(url):
    return httpx.AsyncClient(base_url=f"{url}/v1/", headers=KEY)


async def by_page(vendor):
    seen = []
    with serving(vendor) as url:
        async with client(url) as http:
            for page in range(1, 50):
                rows = (await http.get("contacts", params={"page": page})).json()["contacts"]
                seen += [row["uuid"] for row in rows]
                if len(rows) < 20:
                    return seen
    raise AssertionError("no end")


async def by_cursor(vendor, **filters):
    seen, after, pages = [], {}, 0
    with serving(vendor) as url:
        async with client(url) as http:
            while True:
                answer = (await http.get("contacts", params={**after, **filters})).json()
                seen += [row["uuid"] for row in answer["contacts"]]
                pages += 1
                if answer["meta"]["next"] is None:
                    return seen, pages
                after = {"after": answer["meta"]["next"]}


async def test_pages_that_shift_skip_and_repeat_people():
    vendor = account(70)
    vendor.before = lambda request: vendor.stir(0.5)
    seen = await by_page(vendor)
    assert len(seen) > len(set(seen))
    assert set(seen) < set(vendor.contacts)


async def test_a_cursor_shows_everybody_once_however_pages_shift():
    vendor = account(70)
    vendor.before = lambda request: vendor.stir(0.5)
    seen, pages = await by_cursor(vendor)
    assert sorted(seen) == sorted(vendor.contacts)
    assert pages == 4


async def test_a_cursor_leaves_out_who_came_later_and_who_is_gone():
    vendor = account(45)
    first = [*vendor.contacts]

    def meanwhile(request):
        if "after" in request.target and first[0] in vendor.contacts:
            vendor.add("Late", "+442079460199")
            del vendor.contacts[first[0]]

    vendor.before = meanwhile
    seen, _ = await by_cursor(vendor)
    assert sorted(seen) == sorted(first[1:])


async def test_filters_are_not_in_the_cursor():
    vendor = account(45)
    vendor.add("Other", "+442079460198", ("no",))
    vendor.stir(1.0)
    assert len((await by_cursor(vendor, tags="TO-CALL, x"))[0]) == 45
    with serving(vendor) as url:
        async with client(url) as http:
            after = (await http.get("contacts?tags[]=to-call")).json()["meta"]["next"]
            rest = (await http.get("contacts", params={"after": after, "tags": "no"})).json()["contacts"]
    assert [row["name"] for row in rest] == (["Other"] if len(rest) else [])


async def test_a_loose_filter_finds_more_than_was_asked_for():
    assert len((await by_cursor(account(3), tags="call"))[0]) == 0
    assert len((await by_cursor(account(3, rules=Rules(loose_tags=True)), tags="call"))[0]) == 3


async def test_the_last_page_may_be_full_and_may_point_to_an_empty_one():
    assert (await by_cursor(account(40)))[1] == 2
    seen, pages = await by_cursor(account(40, rules=Rules(empty_last_page=True)))
    assert (len(seen), pages) == (40, 3)


async def test_cursors_die_and_a_new_walk_may_begin():
    vendor = account(70, rules=Rules(cursor_dies=2))
    with serving(vendor) as url:
        async with client(url) as http:
            first = (await http.get("contacts")).json()["meta"]["next"]
            second = (await http.get("contacts", params={"after": first})).json()["meta"]["next"]
            dead = await http.get("contacts", params={"after": second})
            assert (dead.status_code, dead.json()) == (400, {"error": "Invalid pagination cursor"})
            assert (await http.get("contacts", params={"after": first})).status_code == 400
            fresh = (await http.get("contacts")).json()["meta"]["next"]
            vendor.expire_cursors()
            assert (await http.get("contacts", params={"after": fresh})).status_code == 400


async def test_earlier_eras_know_less_of_their_pages():
    metas = {}
    for era in ("2023", "2026-07", "2026-08"):
        with serving(account(25, rules=Rules(era=era))) as url:
            async with client(url) as http:
                metas[era] = set((await http.get("contacts")).json().get("meta", ()))
                assert (await http.get("contacts?page=501")).json() == {"error": "Pagination limit exceeded"}
                assert (await http.get("contacts?page=3")).json()["contacts"] == []
    assert metas == {"2023": set(), "2026-07": {"page", "pages"}, "2026-08": {"page", "pages", "next"}}


async def test_a_tag_that_a_program_takes_away_is_remembered():
    vendor = account(2)
    one, two = vendor.contacts.values()
    with serving(vendor) as url:
        async with client(url) as http:
            vendor.tag(one.uuid, "vip")
            await http.patch(f"contacts/{one.uuid}", json={"tags": ["to-call", "called"]})
            await http.patch(f"contacts/{two.uuid}", json={"tags": ["to-call", "called"]})
    assert vendor.lost_tags == {(one.uuid, "vip")}
    assert two.tags == ["to-call", "called"]
    assert vendor.writes == [(one.uuid, {"tags": ["to-call", "called"]}), (two.uuid, {"tags": ["to-call", "called"]})]


async def test_fields_and_tags_must_exist_where_the_account_says_so():
    fields = {
        "Outcome": ("dropdown", ("reached", "exhausted")), "Last call": ("date", ()),
        "Consent": ("checkbox", ("voice",)),
    }  # fmt: skip
    vendor = account(1, rules=Rules(fields=fields, tags=frozenset({"to-call"})))
    (contact,) = vendor.contacts.values()
    with serving(vendor) as url:
        async with client(url) as http:
            bad = (
                {"custom_fields": {"Outcome": "lost"}}, {"custom_fields": {"New": "x"}}, {"tags": ["new"]},
                {"custom_fields": {"Last call": "4 May"}}, {"note": "x" * 1001}, {"phone": "1"},
            )  # fmt: skip
            for body in bad:
                answer = await http.patch(f"contacts/{contact.uuid}", json=body)
                assert (answer.status_code, set(answer.json()["error"])) == (422, set(body))
            good = {"custom_fields": {"Outcome": "reached", "Last call": "2026-05-04", "Consent": ["voice"]}}
            assert (await http.patch(f"contacts/{contact.uuid}", json=good)).status_code == 200
            row = (await http.get(f"contacts/{contact.uuid}?include_field_types=true")).json()["contact"]
    assert contact.fields == {"Outcome": "reached", "Last call": "2026-05-04", "Consent": '["voice"]'}
    assert row["customFieldsMetadata"]["Consent"] == {"value": ["voice"], "type": "checkbox", "options": ["voice"]}


async def test_a_note_that_is_sent_twice_is_written_twice():
    vendor = account(1)
    (contact,) = vendor.contacts.values()
    with serving(vendor) as url:
        async with client(url) as http:
            for _ in range(2):
                await http.post(f"contacts/{contact.uuid}/conversation/note", json={"text": "Called."})
            await http.delete(f"contacts/{contact.uuid}")
    assert vendor.notes == [(contact.uuid, "Called.")] * 2


async def test_callab_refuses_with_200_and_an_empty_text():
    vendor = Callab()
    with serving(vendor) as url:
        async with client(url) as http:
            answer = await http.get("contacts/gone")
            assert (answer.status_code, answer.json()) == (
                200, {"status": "error", "message": "contact not found", "data": ""},
            )  # fmt: skip
            assert (await http.get("contacts/query", headers={"Authorization": "no"})).status_code == 401
    assert CallabRules().unauthorized == 401


async def test_callabs_pages_shift_when_people_come_in():
    vendor = Callab()
    for n in range(25):
        vendor.add(f"+4420794600{n:02}", tag="spring")
    vendor.before = lambda request: vendor.stir(3) if "page=" in request.target else None
    seen = []
    with serving(vendor) as url:
        async with client(url) as http:
            for page in range(5):
                answer = (await http.get("contacts/query", params={"page": page, "per_page": 10})).json()
                seen += [row["id"] for row in answer["data"] if row["tag_name"] == "spring"]
            default = (await http.get("contacts/query")).json()["data"]
            tagged = (await http.get("contacts/query?tags=spring,summer&per_page=100")).json()["data"]
            old = (await http.post(f"{url}/contact/query", json={"tags": ["spring"]})).json()["data"]
    assert len(seen) > len(set(seen)) == 25
    assert (len(default), len(tagged), len(old)) == (10, 25, 25)
    assert "workspace_id" not in old[0]


async def test_flireos_put_wipes_out_what_it_leaves_out_and_its_patch_does_not():
    vendor = Flireo()
    key = vendor.add("+442079460001", "Ada", email="ada@people.example")
    with serving(vendor) as url:
        async with client(url) as http:
            await http.patch(f"contacts/{key}", json={"last_interaction_summary": "Reached."})
            assert vendor.contacts[key]["full_name"] == "Ada"
            await http.put(f"contacts/{key}", json={"phone_number": "+442079460001", "full_name": "Ada"})
    assert vendor.contacts[key]["email"] is None
    assert vendor.nulled == [(key, "email"), (key, "last_interaction_summary")]


async def test_flireos_lists_and_errors_come_in_two_shapes():
    vendor = Flireo(Habits(other=0.5))
    vendor.add("+442079460001", "Ada")
    lists, errors = set(), set()
    with serving(vendor) as url:
        async with client(url) as http:
            for _ in range(12):
                lists |= {"contacts", "data"} & set((await http.get("contacts")).json())
                errors.add(type((await http.get("contacts/gone")).json()["error"]))
                found = (await http.get("contacts", params={"phone_number": "+442079460001"})).json()
                assert len(found.get("data") or found["contacts"]) == 1
            again = await http.post("contacts", json={"phone_number": "+442079460001"})
    assert (lists, errors, again.status_code) == ({"contacts", "data"}, {str, dict}, 400)
