"""The process's settings: `campaigns.toml` overridden by the environment, read once at the start."""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    PlainValidator,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.sources.utils import parse_env_vars

from campaigns.domain.errors import InputError, Problem
from campaigns.sections import (
    Address,
    ListSettings,
    NotifySettings,
    PeopleSettings,
    ProviderSettings,
    RetentionSettings,
    Secret,
)
from campaigns.stores.addresses import location_of
from campaigns.stores.location import Location

DEFAULT_FILE = Path("campaigns.toml")
PREFIX = "CAMPAIGNS_"
MAX_BYTES = 1_000_000


class Settings(BaseSettings):
    """Everything that the process is told, apart from campaigns; `read_settings` fills it."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, enable_decoding=False, env_prefix=PREFIX,
        env_nested_delimiter="__", env_ignore_empty=True,
    )  # fmt: skip

    database: Annotated[Location, PlainValidator(location_of)] | None = None
    """None: `campaigns.db`, or `campaigns-simulated.db` for the simulator."""
    listen: str = "127.0.0.1:8710"
    public_url: Address | None = None
    """Where providers reach the webhooks; None: calls are polled."""
    hash_key: Secret | None = None
    """None: made once beside the database, where that is a file."""
    calling_rules: Path | None = None
    """A file of legal rules that come on top of the product's own."""
    people: PeopleSettings = PeopleSettings()
    retention: RetentionSettings = RetentionSettings()
    providers: dict[str, ProviderSettings] = {}
    lists: dict[str, ListSettings] = {}
    notify: dict[str, NotifySettings] = {}

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        matched = re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):(\d{1,5})", value, re.ASCII)
        if not matched or int(matched[1]) > 65535:
            raise ValueError("This is not an address to listen on. Write host:port, such as 127.0.0.1:8710.")
        return value

    @field_validator("providers", "lists", "notify", mode="before")
    @classmethod
    def _plain_names(cls, value: object) -> object:
        for name in value if isinstance(value, dict) else ():
            if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", str(name)):
                raise ValueError(f"'{str(name)[:40]}' cannot be a name. Write letters, digits, - and _ only.")
        return value

    @field_validator("providers", "lists", mode="before")
    @classmethod
    def _kind_is_the_name(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: {"kind": name, **it} if isinstance(it, dict) else it for name, it in value.items()}

    @property
    def listen_host(self) -> str:
        """Without the brackets of IPv6."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        """0: any free one."""
        return int(self.listen.rpartition(":")[2])

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what it is given: `read_settings` has already asked the file and the environment."""
        return (init_settings,)


def read_settings(path: Path | None, *, environ: Mapping[str, str], database: str | None = None) -> Settings:
    """The settings of this process. Raises InputError with everything that is wrong.

    Args:
        path: The file; None: `campaigns.toml` where it exists.
        environ: Environment variables; `CAMPAIGNS_…` override the file.
        database: From the command line; overrides both.
    """
    file = path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    references = _References(environ)
    written = references.resolved(_parsed(file) if file else {}, ())
    environment = _Environment(environ)()
    given: dict[str, Any] = _merged(written, environment) | ({"database": database} if database is not None else {})
    settings, wrong = _validated(given)
    problems = _misspelt(environ, references.used)
    for keys, what, mend in references.absent + [fault for fault in wrong if fault[0] not in references.keys]:
        origin = "--db" if keys == ("database",) and database is not None else _origin(keys, file, environment)
        problems.append(Problem(origin, what, mend))
    if problems or settings is None:
        raise InputError(problems)
    return settings


KeyPath = tuple[str | int, ...]
_Fault = tuple[KeyPath, str, str]
"""Key path, what is wrong, the mend."""


_DEEP = re.compile(r"(?:\.\s*[\w\"'-]{1,64}\s*){20}")
"""A key with so many dots is no setting, and the parser's memory grows with their square."""


def _parsed(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError([Problem(str(file), f"The settings cannot be read ({reason}).", "Check the path.")]) from None
    if len(raw) > MAX_BYTES:
        raise InputError([Problem(str(file), "These settings are larger than 1 MB.", "Name the right file.")])
    try:
        text = raw.decode("utf-8-sig")
        if _DEEP.search(text):
            raise RecursionError
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        where, what = f"{file}:{raw[: error.start].count(10) + 1}", "This is not text in UTF-8."
    except ValueError as error:
        line = re.search(r"\(at line (\d+)", str(error))
        where, what = f"{file}:{line[1]}" if line else str(file), f"This is not TOML: {error}."
    except RecursionError:
        where, what = str(file), "This is nested too deeply."
    raise InputError([Problem(where, what, 'Write `key = "value"` lines below `[section]` lines, in UTF-8.')])


class _References:
    """Values written as `{ env = "NAME" }`, and what became of them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.used: set[str] = set()
        self.absent: list[_Fault] = []
        self.keys: set[KeyPath] = set()
        """Where nothing was found."""
        self._environ = environ

    def resolved(self, value: Any, keys: KeyPath) -> Any:
        """The value with every reference followed; an absent one is left as an empty text."""
        if isinstance(value, list):
            return [self.resolved(item, (*keys, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if not (set(value) == {"env"} and isinstance(value["env"], str)):
            return {key: self.resolved(item, (*keys, key)) for key, item in value.items()}
        name = value["env"]
        self.used.add(name)
        if not self._environ.get(name):
            self.keys.add(keys)
            self.absent.append((keys, f"The environment variable {name} is not set.", f"Set {name}, or write a value."))
        return self._environ.get(name, "")


class _Environment(EnvSettingsSource):
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return parse_env_vars(self._environ, self.case_sensitive, self.env_ignore_empty)


def _merged(written: Mapping[str, Any], environment: Mapping[str, Any]) -> dict[str, Any]:
    """The environment over the file; `MY_VENDOR` there means `my-vendor` where the file has such a name."""
    merged = dict(written)
    for key, value in environment.items():
        name = next((name for name in written if _folded(name) == _folded(key)), key)
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _folded(name: object) -> str:
    return str(name).lower().replace("-", "_")


def _validated(given: dict[str, Any]) -> tuple[Settings | None, list[_Fault]]:
    try:
        return Settings.model_validate(given), []
    except ValidationError as error:
        return None, [_fault(detail) for detail in error.errors(include_url=False, include_input=False)]


def _fault(error: ErrorDetails) -> _Fault:
    keys = error["loc"]
    if error["type"] == "value_error":
        what, stop, mend = str(error["ctx"]["error"]).partition(". ")
        return keys, what + stop.strip(), mend
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(keys[-1]), _known_keys(keys), n=1)
        mend = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(_known_keys(keys))}."
        return keys, "This key is unknown.", mend
    if error["type"] == "string_pattern_mismatch":
        return keys, "This is not a currency.", "Write three capitals, such as EUR."
    if error["type"].startswith(("model_", "dict_")):
        return keys, "This must be a section with keys of its own.", ""
    return keys, f"{error['msg'].replace('Input should', 'This must')}.", ""


_SECTIONS: dict[str | int, type[BaseModel]] = {
    "people": PeopleSettings, "retention": RetentionSettings, "providers": ProviderSettings, "lists": ListSettings,
    "notify": NotifySettings,
}  # fmt: skip


def _known_keys(keys: KeyPath) -> list[str]:
    model = _SECTIONS.get(keys[0], Settings) if len(keys) > 1 else Settings
    return list(model.model_fields)


def _origin(keys: KeyPath, file: Path | None, environment: Mapping[str, Any]) -> str:
    """Where a value was written: the variable, or the file and the key."""
    value: object = environment
    for key in keys:
        below = {_folded(name): it for name, it in value.items()} if isinstance(value, dict) else {}
        value = below.get(_folded(key)) if isinstance(value, dict) else value
    if keys and value is not None:
        return PREFIX + "__".join(_folded(key).upper() for key in keys if isinstance(key, str))
    dotted = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")
    return f"{file or 'settings'}: {dotted}"


def _misspelt(environ: Mapping[str, str], used: set[str]) -> list[Problem]:
    """Variables that nobody reads, but that look like a setting; others with our prefix belong to somebody else."""
    found = []
    for name in sorted(set(environ) - used):
        head, *rest = name.removeprefix(PREFIX).lower().split("__")
        if not name.startswith(PREFIX) or (head in Settings.model_fields and (head in _SECTIONS or not rest)):
            continue
        near = get_close_matches(head, Settings.model_fields, n=1, cutoff=0.8)
        if near:
            found.append(Problem(name, "This variable is unknown.", f"Did you mean {PREFIX}{near[0].upper()}?"))
    return found
