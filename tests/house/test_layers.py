"""What import contracts cannot see: the core asks no clock and draws no number, inner layers do not commit."""

import ast

from tests.house.source import PACKAGE, calls, python_files, shown, tree

UNREPEATABLE = {"now", "today", "utcnow", "time", "time_ns", "monotonic", "perf_counter", "getenv"}
DRAWN = {
    "uuid1",
    "uuid4",
    "uuid6",
    "uuid7",
    "urandom",
    "token_hex",
    "token_bytes",
    "token_urlsafe",
    "randint",
    "choice",
}
OUTSIDE = {"open", "print", "input", "read_text", "read_bytes", "write_text", "write_bytes", "exec", "eval"}
CLOCKS = {"datetime", "date", "time"}
# Runs source that the compiler of expressions writes from its own syntax trees; no other module may.
GENERATED_CODE = ("core/generated_code.py", "exec")
# Reads the program's own list of names, a part of the source that people who write no Python correct.
OWN_DATA = ("core/name_data.py", "read_text")


def asks_outside(node: ast.Call, name: str) -> bool:
    """Whether a call asks for the clock, for chance, or for a file; `datetime.time(8, 0)` is only a value."""
    if name in DRAWN:
        return True
    if isinstance(node.func, ast.Name):
        return name in OUTSIDE
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    owner_name = getattr(owner, "id", getattr(owner, "attr", ""))
    if name in UNREPEATABLE:
        return owner_name in CLOCKS and not (name == "time" and owner_name == "datetime")
    return name in OUTSIDE and owner_name not in {"re", "self"}


def test_the_core_asks_no_clock_draws_no_number_and_opens_no_file() -> None:
    core = [path for path in python_files("fieldsync") if PACKAGE / "core" in path.parents]
    asked = [
        f"{shown(path, node.lineno)} {name}"
        for path in core
        for node, name in calls(path)
        if asks_outside(node, name) and (str(path.relative_to(PACKAGE)), name) not in (GENERATED_CODE, OWN_DATA)
    ]
    assert asked == []


def test_only_the_edges_end_a_transaction() -> None:
    inner = [
        path
        for path in python_files("fieldsync")
        if path.relative_to(PACKAGE).parts[0] in {"services", "routes"} or path.parent == PACKAGE / "core"
    ]
    ends = [
        f"{shown(path, node.lineno)} {name}"
        for path in inner
        for node, name in calls(path)
        if name in {"commit", "rollback"}
    ]
    assert ends == []


def test_nothing_with_meaning_happens_on_a_database_event() -> None:
    """Setting up a connection is the only listener: ingestion is read top to bottom, not guessed from hooks."""
    listening = {
        shown(path)
        for path in python_files("fieldsync")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in {"listens_for", "listen"} and _owner(node) == "event"
    }
    assert listening <= {"fieldsync/store/engines.py"}


def _owner(node: ast.Attribute) -> str:
    return getattr(node.value, "id", getattr(node.value, "attr", ""))
