"""Every setting: its name, default, unit and meaning, and how its value is found (docs/operating.md, "Settings")."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from fieldsync.core.problems import Problem

PREFIX = "FIELDSYNC_"
SQLITE = "sqlite:///"
SETTINGS_FILE = "fieldsync.toml"
SETTINGS_FILE_BYTES_MAX = 64 * 1024  # the file holds some thirty short lines
SECRET_FILE_BYTES_MAX = 4 * 1024  # one URL or key

TILES = r"(?=.*\{z\})(?=.*\{x\})(?=.*\{y\})https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9_./{}?=&%~-]+"
"""An address of map tiles: one host, and the three blanks."""

_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def setting(
    default: object,
    meaning: str,
    unit: str = "",
    least: float | None = None,
    most: float | None = None,
    choices: tuple[str, ...] = (),
    secret: bool = False,
    pattern: str = "",
    shape: str = "",
) -> Any:
    """`pattern`: what a text that is not empty must be; `shape` says it to people."""
    rules = {"meaning": meaning, "unit": unit, "least": least, "most": most, "choices": choices, "secret": secret}
    rules |= {"pattern": pattern, "shape": shape}
    return field(default=default, metadata=rules, repr=not secret)


@dataclass(frozen=True)
class Settings:
    """What an operator can choose. Each has a default that suits one laptop or a server with 1 GB of memory."""

    data: Path = setting(Path("data"), "Folder of the database, the attachments and `fieldsync.toml`.")
    exports: str = setting(
        "",
        "Folder of the files that people take out. Empty: `exports` in the data folder. Processes that share a "
        "database share it.",
    )
    database_url: str = setting(
        "",
        "Database, as `postgresql+psycopg://…`. Empty: the SQLite file `fieldsync.db` in the data folder.",
        secret=True,
    )
    secret_key: str = setting(
        "",
        "Key outside the database that guards the audit log and second factors: 64 hexadecimal digits. Empty: the file "
        "`secret.key` in the data folder, made at the first start. Processes that share a database share it.",
        secret=True,
    )
    names: str = setting(
        "",
        "File of the server's own names, beside the program's list. Empty: `names.txt` in the data folder, where there "
        "is one. Processes that share a database go by the same.",
    )
    host: str = setting("127.0.0.1", "Address to listen on; `0.0.0.0` for every network of the machine.")
    port: int = setting(8000, "Port to listen on; 0 takes a free one.", least=0, most=65535)
    public_url: str = setting("", "Address under which phones reach the server. Empty: `http://HOST:PORT`.")
    proxies: int = setting(
        0,
        "Reverse proxies in front of the server, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
        "proxies",
        0,
        8,
    )
    threads: int = setting(16, "Requests answered at the same time in one process.", "threads", 1, 256)
    jobs: bool = setting(True, "Whether this process may run the scheduled jobs; one process at a time does.")
    log_level: str = setting(
        "info", "The least severe line that is logged.", choices=("debug", "info", "warning", "error")
    )

    durability: str = setting(
        "disk",
        "What `durable_through` promises: `disk`, what this machine has written; `backup`, what its last backup holds.",
        choices=("disk", "backup"),
    )
    lease_days: int = setting(30, "How long a phone may keep its data without having synced.", "days", 1, 3650)
    enrolment_code_minutes: int = setting(15, "How long an enrolment code is good for.", "minutes", 1, 7 * 24 * 60)

    request_packed_bytes_max: int = setting(
        1024 * 1024, "Largest request body as it travels.", "bytes", 64 * 1024, 256 * 1024 * 1024
    )
    request_unpacked_bytes_max: int = setting(
        8 * 1024 * 1024, "Largest request body once unpacked.", "bytes", 64 * 1024, 1024 * 1024 * 1024
    )
    batch_operations_max: int = setting(1000, "Operations in one batch.", "operations", 1, 10_000)
    pull_bytes_max: int = setting(
        1024 * 1024,
        "An answer stops early once it is this long; the rest comes with the next one.",
        "bytes",
        64 * 1024,
        64 * 1024 * 1024,
    )

    attachments: str = setting(
        "",
        "Where files of records lie: a folder, or `s3://bucket/prefix`. Empty: `attachments` in the data folder.",
    )
    attachments_endpoint: str = setting("", "Address of S3-compatible storage that is not Amazon's.")
    attachment_bytes_max: int = setting(
        100 * 1024 * 1024, "Largest file of a record.", "bytes", 64 * 1024, 16 * 1024 * 1024 * 1024
    )
    attachments_waiting_bytes_max: int = setting(
        1024 * 1024 * 1024,
        "What one phone's files may take that are on their way, or that no record has named yet.",
        "bytes",
        1024 * 1024,
        1024 * 1024 * 1024 * 1024,
    )
    attachments_day_bytes_max: int = setting(
        4 * 1024 * 1024 * 1024,
        "What one phone's files may take that came within a day.",
        "bytes",
        1024 * 1024,
        1024 * 1024 * 1024 * 1024,
    )
    openrosa_bytes_max: int = setting(
        100 * 1024 * 1024,
        "Largest request of an OpenRosa client, packed and unpacked; Collect is told, and splits what is larger.",
        "bytes",
        64 * 1024,
        16 * 1024 * 1024 * 1024,
    )
    upload_days: int = setting(
        14, "How long an unfinished upload, or a file that no record names, is kept.", "days", 1, 3650
    )

    batches_per_commit: int = setting(
        64, "Waiting batches that the SQLite writer commits together: one fsync for all.", "batches", 1, 1024
    )
    sqlite_cache_mib: int = setting(38, "Page cache of the SQLite connection that writes.", "MiB", 1, 4096)
    sqlite_checkpoint_pages: int = setting(
        16_000,
        "Length of the write-ahead log at which SQLite empties it into the file.",
        "pages of 4 KiB",
        100,
        1_000_000,
    )
    sqlite_busy_timeout_seconds: float = setting(
        30.0, "How long SQLite waits for another process before it answers busy.", "seconds", 0.1, 600
    )
    lock_timeout_seconds: float = setting(
        5.0, "How long PostgreSQL waits for a row that another transaction holds.", "seconds", 0.1, 600
    )

    map_tiles: str = setting(
        "",
        "Where the map takes its pictures from, as `https://HOST/{z}/{x}/{y}.png`. Empty: it works without. That host "
        "sees which part of the map somebody looks at, and is the only foreign one that a page may show pictures of.",
        pattern=TILES,
        shape="https://HOST/{z}/{x}/{y}.png",
    )
    map_attribution: str = setting("", "To whom these pictures are owed, as text on the map.")

    conversion_seconds: int = setting(
        30, "Processor time for reading one form definition, in a process of its own.", "seconds", 1, 600
    )
    conversion_memory_mib: int = setting(512, "Memory of that process.", "MiB", 128, 16_384)
    conversion_unpacked_mib: int = setting(64, "Size of a workbook once unpacked.", "MiB", 1, 4096)
    conversion_entries_max: int = setting(1000, "Files inside a workbook.", "files", 10, 100_000)

    @property
    def exports_folder(self) -> Path:
        """Where the files lie that people take out."""
        return Path(self.exports) if self.exports else self.data / "exports"

    @property
    def names_file(self) -> Path:
        """Where the server's own names are, if there are any."""
        return Path(self.names) if self.names else self.data / "names.txt"

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL, with its default filled in; a SQLite file by its whole path, whoever opens it."""
        url = self.database_url or f"{SQLITE}{self.data / 'fieldsync.db'}"
        file = url.removeprefix(SQLITE)
        return url if file in (url, "") or file[0] in "/:" else f"{SQLITE}{Path(file).absolute()}"


def load(
    environ: Mapping[str, str], file: Path | None = None, flags: Mapping[str, object] | None = None
) -> Settings | list[Problem]:
    """The settings: a flag stands before the environment, that before the file, that before the default.

    `file` is the one named by --config; without it `fieldsync.toml` in the data folder is read where it exists.
    `flags` holds only what was given, by setting name, as text or as a value of the setting's type.
    """
    flags = {name: value for name, value in (flags or {}).items() if value is not None}
    from_environment, problems = _read_environment(environ)
    data = Path(str(flags.get("data", from_environment.get("data", Settings.data))))
    from_file, file_problems = _read_file(file or data / SETTINGS_FILE, must_exist=file is not None)
    problems += file_problems

    chosen: dict[str, object] = {}
    for source, given in (("file", from_file), ("environment", from_environment), ("flag", flags)):
        for name, raw in given.items():
            value = _value_of(name, raw, source)
            if isinstance(value, Problem):
                problems.append(value)
            else:
                chosen[name] = value
    return problems or Settings(**chosen)  # type: ignore[arg-type]


def settings_table() -> str:
    """All settings as a Markdown table, in the order of the code."""
    lines = ["| setting | environment | default | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for item in fields(Settings):
        default = f"`{_as_text(item.default)}`" if item.default != "" else "empty"
        rules = item.metadata
        meaning = rules["meaning"] + (
            f" One of {', '.join(f'`{one}`' for one in rules['choices'])}." * bool(rules["choices"])
        )
        lines.append(f"| `{item.name}` | `{PREFIX}{item.name.upper()}` | {default} | {rules['unit']} | {meaning} |")
    return "\n".join(lines)


def shown(settings: Settings) -> dict[str, str]:
    """Every setting as text, secrets left out: for logs and for `fieldsync doctor`."""
    return {
        item.name: "(secret)" if item.metadata["secret"] and value else _as_text(value)
        for item in fields(Settings)
        for value in (getattr(settings, item.name),)
    }


def program_folder(name: str) -> Path:
    """A folder that the program ships ("migrations", "forms"): beside the package, or inside it once installed."""
    package = Path(__file__).parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def _read_environment(environ: Mapping[str, str]) -> tuple[dict[str, object], list[Problem]]:
    found: dict[str, object] = {}
    problems: list[Problem] = []
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        secret_name = name.removesuffix("_file")
        if name in _BY_NAME:
            found[name] = text
        elif secret_name in _BY_NAME and _BY_NAME[secret_name].metadata["secret"]:
            secret = _read_secret(Path(text), variable)
            if isinstance(secret, Problem):
                problems.append(secret)
            else:
                found.setdefault(secret_name, secret)
        elif _meant(name):
            problems.append(_unknown(name, "environment"))
    return found, problems


def _read_secret(path: Path, variable: str) -> str | Problem:
    try:
        with path.open("rb") as file:
            return file.read(SECRET_FILE_BYTES_MAX).decode().strip()
    except (OSError, UnicodeDecodeError):
        return Problem("settings_unreadable", detail={"file": f"{path} ({variable})"})


def _read_file(path: Path, must_exist: bool) -> tuple[dict[str, object], list[Problem]]:
    if not must_exist and not path.exists():
        return {}, []
    try:
        with path.open("rb") as file:
            found = tomllib.loads(file.read(SETTINGS_FILE_BYTES_MAX).decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}, [Problem("settings_unreadable", detail={"file": str(path)})]
    unknown = [_unknown(name, "file") for name in found if name not in _BY_NAME]
    return {name: value for name, value in found.items() if name in _BY_NAME}, unknown


def _value_of(name: str, raw: object, source: str) -> object:
    """The value for a setting, or the problem with it."""
    item = _BY_NAME.get(name)
    if item is None:
        return _unknown(name, source)
    try:
        value = _convert(raw, type(item.default))
    except ValueError:
        return _wrong(item, source)
    return value if _allowed(item, value) else _wrong(item, source)


def _convert(raw: object, kind: type) -> object:
    """A value of the wanted type; ValueError where the text does not give one."""
    text = str(raw).strip()
    if kind is bool and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if kind is bool or not isinstance(raw, str | int | float | Path) or isinstance(raw, bool):
        raise ValueError(text)
    return kind(text)


def _allowed(item: Field[Any], value: Any) -> bool:
    rules = item.metadata
    if rules["choices"]:
        return value in rules["choices"]
    if rules["least"] is not None:
        return bool(rules["least"] <= value <= rules["most"])
    return not rules["pattern"] or not value or re.fullmatch(rules["pattern"], value) is not None


def _wrong(item: Field[Any], source: str) -> Problem:
    return Problem("setting_wrong", detail={"setting": item.name, "source": source, "allowed": _allowed_text(item)})


def _allowed_text(item: Field[Any]) -> str:
    rules = item.metadata
    if rules["choices"]:
        return " / ".join(rules["choices"])
    if rules["least"] is not None:
        return f"{_as_text(rules['least'])} … {_as_text(rules['most'])} {rules['unit']}".strip()
    return "true / false" if isinstance(item.default, bool) else rules["shape"] or "text"


def _unknown(name: str, source: str) -> Problem:
    return Problem("setting_unknown", detail={"setting": name, "source": source, "meant": _meant(name) or "-"})


def _meant(name: str) -> str | None:
    close = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.75)
    return close[0] if close else None


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_BY_NAME: dict[str, Field[Any]] = {item.name: item for item in fields(Settings)}
