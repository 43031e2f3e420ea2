"""Settings: what the file and the environment say, and what is refused."""

from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.domain.errors import InputError
from campaigns.settings import ProviderSettings, Settings, read_settings
from campaigns.stores.addresses import location_of
from campaigns.stores.postgres_address import NOT_AN_ADDRESS

CONTRACT = """\
database = "sqlite:///campaigns.db"
listen = "127.0.0.1:8710"
public_url = "https://calls.example.org"
hash_key = { env = "CAMPAIGNS_HASH_KEY" }
[people]
per_day = 3
gap = "30m"

[providers.flireo]
kind = "flireo"
base_url = "https://api.example.org/v1/"
api_key = { env = "FLIREO_API_KEY" }
webhook_secret = { env = "FLIREO_WEBHOOK_SECRET" }
webhook_token = { env = "FLIREO_WEBHOOK_TOKEN" }
at_once = 10
per_second = 1
requests_per_minute = 100
poll_every = "5s"
lookups = ["5s", "15s", "60s", "5m", "15m", "1h"]
absence_after = "off"
ring = "60s"
longest_call = "30m"
price_per_minute = 0.07
currency = "EUR"
routes = {}

[lists.callbell]
kind = "callbell"
api_key = { env = "CALLBELL_API_KEY" }
"""
KEYS = {
    "CAMPAIGNS_HASH_KEY": "hush-1", "FLIREO_API_KEY": "hush-2", "FLIREO_WEBHOOK_SECRET": "hush-3",
    "FLIREO_WEBHOOK_TOKEN": "hush-4", "CALLBELL_API_KEY": "hush-5",
}  # fmt: skip


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(text: str, *, database: str | None = None, **environ: str) -> Settings:
    Path("s.toml").write_text(text)
    return read_settings(Path("s.toml"), environ=environ, database=database)


def refusal(text: str, *, database: str | None = None, **environ: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(text, database=database, **environ)
    return [str(problem) for problem in caught.value.problems]


def provider(**changes: object) -> ProviderSettings:
    return ProviderSettings.model_validate({"kind": "acme", **changes})


def test_the_file_of_the_contract_is_read() -> None:
    settings = read(CONTRACT, **KEYS)
    flireo = settings.providers["flireo"]
    assert (settings.people.per_day, settings.people.gap) == (3, timedelta(minutes=30))
    assert flireo.base_url == "https://api.example.org/v1"
    assert flireo.api_key is not None
    assert flireo.api_key.get_secret_value() == "hush-2"
    assert flireo.lookups[-1] == timedelta(hours=1)
    assert flireo.absence_after is None
    assert settings.hash_key is not None
    assert settings.hash_key.get_secret_value() == "hush-1"
    assert settings.lists["callbell"].kind == "callbell"


def test_without_a_file_everything_has_its_default() -> None:
    settings = read_settings(None, environ={})
    assert settings == Settings()
    assert (settings.database, settings.listen, settings.public_url) == (None, "127.0.0.1:8710", None)
    assert (settings.people.per_day, settings.people.gap, settings.providers) == (None, None, {})


def test_a_provider_has_the_defaults_of_the_contract() -> None:
    flireo = read("[providers.flireo]\n").providers["flireo"]
    assert (flireo.kind, flireo.at_once, flireo.per_second, flireo.requests_per_minute) == ("flireo", 10, 1.0, None)
    assert [int(step.total_seconds()) for step in flireo.lookups] == [5, 15, 60, 300, 900, 3600]
    assert (flireo.poll_every, flireo.ring) == (timedelta(seconds=5), timedelta(seconds=60))
    assert (flireo.longest_call, flireo.absence_after, flireo.routes) == (timedelta(minutes=30), None, {})


def test_the_file_in_the_current_directory_is_found() -> None:
    Path("campaigns.toml").write_text('listen = "127.0.0.1:1"')
    assert read_settings(None, environ={}).listen_port == 1


def test_a_byte_order_mark_is_passed_over() -> None:
    Path("s.toml").write_bytes(b"\xef\xbb\xbflisten = '127.0.0.1:1'")
    assert read_settings(Path("s.toml"), environ={}).listen_port == 1


def test_the_process_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGNS_LISTEN", "127.0.0.1:1")
    assert read_settings(None, environ={}) == Settings()
    assert Settings().listen_port == 8710


def test_the_environment_overrides_the_file_level_by_level() -> None:
    settings = read(
        '[providers.my-Vendor]\nat_once = 2\nroutes = {place = "/a", look = "/b"}\n',
        CAMPAIGNS_DATABASE="sqlite:///other.db", CAMPAIGNS_PEOPLE__PER_DAY="2", CAMPAIGNS_LISTEN="",
        CAMPAIGNS_PROVIDERS__MY_VENDOR__PER_SECOND="0.5", CAMPAIGNS_PROVIDERS__MY_VENDOR__LOOKUPS="1s, 2s",
        CAMPAIGNS_PROVIDERS__MY_VENDOR__ROUTES__PLACE="/c", CAMPAIGNS_PROVIDERS__MY_VENDOR__API_KEY="123",
        CAMPAIGNS_PROVIDERS__NEW__KIND="acme", CAMPAIGNS_SERVICE_HOST="somebody else's", PATH="/bin",
    )  # fmt: skip
    vendor = settings.providers["my-Vendor"]
    assert (settings.people.per_day, settings.listen) == (2, "127.0.0.1:8710")
    assert settings.database == location_of("sqlite:///other.db")
    assert (vendor.at_once, vendor.per_second, vendor.kind) == (2, 0.5, "my-Vendor")
    assert vendor.lookups == [timedelta(seconds=1), timedelta(seconds=2)]
    assert vendor.routes == {"place": "/c", "look": "/b"}
    assert vendor.api_key is not None
    assert vendor.api_key.get_secret_value() == "123"
    assert settings.providers["new"].kind == "acme"


def test_the_command_line_overrides_both() -> None:
    settings = read('database = "sqlite:///a.db"', database="sqlite:///c.db", CAMPAIGNS_DATABASE="sqlite:///b.db")
    assert settings.database == location_of("sqlite:///c.db")


def test_any_value_may_stand_in_a_variable() -> None:
    text = 'listen = {env = "L"}\n[providers.a]\nat_once = {env = "N"}\nlookups = [{env = "T"}, "1m"]\n'
    settings = read(text, L="[::1]:0", N="7", T="5s")
    assert (settings.listen_host, settings.listen_port) == ("::1", 0)
    assert settings.providers["a"].at_once == 7
    assert settings.providers["a"].lookups == [timedelta(seconds=5), timedelta(minutes=1)]


def test_a_variable_that_is_not_set_is_named_with_its_key() -> None:
    assert refusal('hash_key = {env = "A"}\n[providers.x]\nbase_url = {env = "B"}\n', B="") == [
        "s.toml: hash_key: The environment variable A is not set. Set A, or write a value.",
        "s.toml: providers.x.base_url: The environment variable B is not set. Set B, or write a value.",
    ]


def test_secrets_are_never_shown() -> None:
    assert "hush" not in repr(read(CONTRACT, **KEYS))
    assert "hush" not in repr(read("", database="postgresql://u:hush@db/x?sslpassword=hush"))
    wrong = CONTRACT.replace("at_once = 10", "at_once = {env = 'FLIREO_API_KEY'}\nnonsense = {env = 'FLIREO_API_KEY'}")
    wrong = wrong.replace('database = "sqlite:///campaigns.db"', 'database = "postgresql://u:hush-6@@db/x"')
    told = "\n".join(refusal(wrong, **KEYS))
    assert "at_once" in told
    assert "hush" not in told


WRONG = [
    ('databse = "x"', "s.toml: databse: This key is unknown. Did you mean `database`?"),
    ("[provider.a]", "s.toml: provider: This key is unknown. Did you mean `providers`?"),
    ("[people]\nperday = 1", "s.toml: people.perday: This key is unknown. Did you mean `per_day`?"),
    ("[providers.a]\nat_one = 1", "s.toml: providers.a.at_one: This key is unknown. Did you mean `at_once`?"),
    (
        "[lists.a]\nzzz = 1",
        "s.toml: lists.a.zzz: This key is unknown. Known here: kind, base_url, api_key, requests_per",
    ),
    ("[retention]\nnumbers = 400", "s.toml: retention.numbers: This is not a duration."),
    (
        "database = 'postgresql://h'",
        "s.toml: database: This is not a PostgreSQL address. Write postgresql://user@host/name,",
    ),
    ("database = 'postgres://h/x?y'", "s.toml: database: This is not a PostgreSQL address."),
    ("database = 'campaigns.db'", "s.toml: database: This is not a database. Write sqlite:///"),
    ("database = 'sqlite://'", "s.toml: database: This is not a database. Write sqlite:///"),
    ("database = 3", "s.toml: database: This must be a valid string."),
    ("listen = '8710'", "s.toml: listen: This is not an address to listen on. Write host:port"),
    ("listen = '127.0.0.1:99999'", "s.toml: listen: This is not an address to listen on."),
    ("listen = '::1:80'", "s.toml: listen: This is not an address to listen on."),
    ("hash_key = ' '", "s.toml: hash_key: This secret is empty."),
    ("public_url = 'http://calls.example.org'", "s.toml: public_url: Beyond this machine only https is used"),
    ("people = 3", "s.toml: people: This must be a section with keys of its own."),
    ("providers = 3", "s.toml: providers: This must be a section with keys of its own."),
    ("[providers]\na = 3", "s.toml: providers.a: This must be a section with keys of its own."),
    ("[providers.'a/b']", "s.toml: providers: 'a/b' cannot be a name. Write letters"),
    ("[people]\nper_day = 0", "s.toml: people.per_day: This must be greater than or equal to 1."),
    ("[people]\nper_day = true", "s.toml: people.per_day: This must be a number."),
    ("[people]\ngap = 30", "s.toml: people.gap: This is not a duration. Write a number and a unit"),
    ("[providers.a]\nper_second = 'fast'", "s.toml: providers.a.per_second: This must be a valid number"),
    ("[providers.a]\nper_second = inf", "s.toml: providers.a.per_second: This must be"),
    ("[providers.a]\nprice_per_minute = nan", "s.toml: providers.a.price_per_minute: This must be"),
    ("[providers.a]\ncurrency = 'euro'", "s.toml: providers.a.currency: This is not a currency."),
    ("[providers.a]\npoll_every = '0s'", "s.toml: providers.a.poll_every: This must be longer than nothing."),
    ("[providers.a]\nlookups = []", "s.toml: providers.a.lookups: The look-ups do not come one after"),
    ("[providers.a]\nlookups = ['5m', '1s']", "s.toml: providers.a.lookups: The look-ups do not come one after"),
    ("[providers.a]\nlookups = ['1s', 'x']", "s.toml: providers.a.lookups[1]: 'x' is not a duration."),
    ("[providers.a]\nabsence_after = 'never'", "s.toml: providers.a.absence_after: 'never' is not a duration."),
    ("[providers.a]\nlongest_call = '1m'", "s.toml: providers.a: `longest_call` includes ringing"),
    ("[providers.a]\nroutes = {place = {}}", "s.toml: providers.a.routes.place: This must be a valid string."),
    ("[providers.a]\napi_key = 5", "s.toml: providers.a.api_key: This must be a valid string."),
    ("listen = \nx = 1", "s.toml:1: This is not TOML: "),
    ("listen = '", "s.toml: This is not TOML: "),
    ("a = 1\na = 2\n", "s.toml:2: This is not TOML: Cannot overwrite a value"),
    ("a = " + "[" * 50_000, "s.toml: This is nested too deeply."),
    ("a = " + "9" * 5_000, "s.toml: This is not TOML: "),
    ("#" * 1_000_001, "s.toml: These settings are larger than 1 MB."),
]


@pytest.mark.parametrize(("text", "message"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_setting_gets_one_sentence(text: str, message: str) -> None:
    (told,) = refusal(text)
    assert told.startswith(message)
    assert "\n" not in told


def test_all_problems_come_at_once() -> None:
    told = refusal(
        'listen = "x"\ncolour = 1\n[providers.a]\nring = "x"\napi_key = {env = "NOPE"}\n', CAMPAIGNS_HASHKEY="x"
    )
    assert {line.split(": This")[0] for line in told if "NOPE" not in line and "'x'" not in line} == {
        "CAMPAIGNS_HASHKEY", "s.toml: listen", "s.toml: colour",
    }  # fmt: skip
    assert len(told) == 5


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("CAMPAIGNS_LISTEN", "x", "CAMPAIGNS_LISTEN: This is not an address to listen on."),
        ("CAMPAIGNS_DATABASE", "postgresql://u:hush@@h/x", "CAMPAIGNS_DATABASE: This is not a PostgreSQL address."),
        ("CAMPAIGNS_DATABSE", "x", "CAMPAIGNS_DATABSE: This variable is unknown. Did you mean CAMPAIGNS_DATABASE?"),
        ("CAMPAIGNS_LISTEN__PORT", "1", "CAMPAIGNS_LISTEN__PORT: This variable is unknown."),
        ("CAMPAIGNS_PEOPLE", "3", "CAMPAIGNS_PEOPLE: This must be a section"),
        ("CAMPAIGNS_PEOPLE__GAP", "3", "CAMPAIGNS_PEOPLE__GAP: '3' has no unit."),
        ("CAMPAIGNS_PROVIDERS__A__AT_ONE", "3", "CAMPAIGNS_PROVIDERS__A__AT_ONE: This key is unknown."),
        ("CAMPAIGNS_PROVIDERS__A__LOOKUPS", "1s,x", "CAMPAIGNS_PROVIDERS__A__LOOKUPS: 'x' is not a duration."),
        ("CAMPAIGNS_PROVIDERS__A__AT_ONCE__B", "3", "CAMPAIGNS_PROVIDERS__A__AT_ONCE: This must be a valid integer"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str, message: str) -> None:
    (told,) = refusal("", **{name: value})
    assert told.startswith(message)


def test_a_wrong_option_is_named() -> None:
    (told,) = refusal("", database="postgresql://u:pw@h", CAMPAIGNS_DATABASE="sqlite:///a.db")
    assert told == f"--db: {NOT_AN_ADDRESS}"


def test_a_file_that_cannot_be_read_is_refused() -> None:
    Path("latin.toml").write_bytes(b"a = 1\nb = '\xe9'\n")
    for path, message in [("none.toml", "none.toml: "), (".", "cannot be read"), ("latin.toml", "latin.toml:2: ")]:
        with pytest.raises(InputError, match=message):
            read_settings(Path(path), environ={})


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080", "http://127.8.9.1/", "http://[::1]:80/x", "http://localhost", "http://LOCALHOST:1/a",
        "https://127.0.0.1",
    ],
)  # fmt: skip
def test_this_machine_is_loopback(url: str) -> None:
    assert provider(base_url=url).is_loopback()


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1.example.com", "https://localhost.example.com", "https://example.com/127.0.0.1",
        "https://example.com:443/localhost", "https://127.1", "https://0.0.0.0", "https://[::]", "https://[fe80::1]",
        "https://128.0.0.1", "https://localhost.", "https://[0:0:0:0:0:0:0:2]",
    ],
)  # fmt: skip
def test_other_machines_are_not_loopback(url: str) -> None:
    assert not provider(base_url=url).is_loopback()
    with pytest.raises(ValueError, match="only https"):
        provider(base_url=url.replace("https", "http"))


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "ftp://127.0.0.1", "http://127.0.0.1@example.com", "https://user:pw@example.com",
        "http://127.0.0.1\\@example.com", "http://127.0.0.1#@example.com", "http://127.0.0.1?@example.com",
        "http://127.0.0.1:80:80", "http://127.0.0.1:99999", "http://", "https:///x", "https://exa mple.com",
        "https://example.com/\n", "https://example.com/?q", "http://localhost%2eexample.com", "https://[::1",
        "http://[::1%25eth0]", "http://\uff11\uff12\uff17.0.0.1", "http://loca\u017fhost", "http://[127.0.0.1]", "https://[:::]",
    ],
)  # fmt: skip
def test_an_address_that_two_readers_could_take_differently_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="web address"):
        provider(base_url=url)


def test_a_provider_without_an_address_is_not_loopback() -> None:
    assert not provider().is_loopback()


def test_absence_may_be_proved_after_a_while() -> None:
    assert provider(absence_after="2m").absence_after == timedelta(minutes=2)
    assert provider(absence_after="off").absence_after is None


def test_while_a_vendor_is_moved_to_a_new_secret_the_one_before_may_stand_beside_it(tmp_path):
    file = tmp_path / "campaigns.toml"
    file.write_text('[providers.flireo]\nwebhook_secret = [{ env = "NEW" }, "the old one"]\nwebhook_token = "only one"')
    own = read_settings(file, environ={"NEW": "the new one"}).providers["flireo"]
    assert [secret.get_secret_value() for secret in own.webhook_secret] == ["the new one", "the old one"]
    assert [token.get_secret_value() for token in own.webhook_token] == ["only one"]
    for nothing in ("[]", '""', '["new", " "]'):
        file.write_text(f"[providers.flireo]\nwebhook_secret = {nothing}")
        with pytest.raises(InputError, match="webhook_secret"):
            read_settings(file, environ={})
