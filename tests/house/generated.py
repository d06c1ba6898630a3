"""The parts of docs/ that are made from the code. `make docs` writes them, test_documentation compares them.

A page holds `<!-- made: NAME -->` and `<!-- end: NAME -->`; what stands between is made.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from sqlalchemy import Column, Table

from fieldsync.config import settings_table
from fieldsync.core.access import PERMISSIONS
from fieldsync.core.indicators import IndicatorBook
from fieldsync.core.messages import MESSAGES
from fieldsync.core.review_moves import ASKED, DUE, FREE, HELD, MOVES
from fieldsync.core.roles import Role, RoleBook
from fieldsync.services.auditing import ACTIONS
from fieldsync.services.indicator_book import read_file as read_indicators
from fieldsync.services.role_book import read_file
from fieldsync.store.models import Base
from tests.house.addresses import address_table
from tests.house.source import PACKAGE, ROOT, python_files, tree

AREAS: dict[str, tuple[str, ...]] = {
    "Who": ("server", "association", "device", "device_view", "enrolment_code", "author"),
    "People": (
        *("person", "role_grant", "person_session", "api_token", "secret_link", "second_factor", "recovery_code"),
        *("rate_count", "audit_row", "audit_anchor", "export"),
    ),
    "What was said": (
        "receipt",
        "device_day",
        "operation",
        "waiting",
        "quarantine",
        "verdict",
        "void",
        "fault",
        "missing_file",
        "openrosa_submission",
        "openrosa_branch",
        "openrosa_file",
        "openrosa_missing",
        "openrosa_key",
        "attachment",
        "upload",
        "as_sent",
    ),
    "What it adds up to": ("collection", "record", "merge", "report_key", "declared_key", "flag", "change_log"),
    "What is counted": (
        *("indicator_book", "fact", "subject_root", "counted_item", "figure_cell", "report_time", "publication"),
    ),
    "What it looks like": (
        *("observation", "quality_norm", "quality_choice", "record_point", "point_count", "outline"),
        "mention",
    ),
    "Who is whom": (
        *("linkage_feature", "blocking_entry", "linkage_model", "candidate_pair"),
        *("pair_decision", "cluster_member", "linkage_setting", "reviewed_twice"),
        *("linkage_agreement", "across_pair", "across_decision"),
    ),
    "What follows": (
        *("follower", "touched", "inbox_row", "inbox_mark", "inbox_count", "inbox_path", "inbox_word", "inbox_text"),
        *("searched", "bulk_deed"),
    ),
    "Forms": ("form_upload", "form_upload_file", "form_version", "form_file", "entity_property", "entity_list_change"),
}


def module_map() -> str:
    """Every package and module with the first line of its docstring, packages after modules."""
    return "\n".join(_mapped(PACKAGE, 0))


def _mapped(folder: Path, depth: int) -> Iterator[str]:
    known = python_files("fieldsync")
    yield f"{'  ' * depth}- **`{folder.name}/`** {_first_line(folder / '__init__.py')}"
    for path in known:
        if path.parent == folder and path.name != "__init__.py":
            yield f"{'  ' * depth}  - `{path.name}` {_first_line(path)}"
    for path in known:
        if path.parent.parent == folder and path.name == "__init__.py":
            yield from _mapped(path.parent, depth + 1)


def _first_line(path: Path) -> str:
    return (ast.get_docstring(tree(path)) or "").split("\n")[0]


def problem_table() -> str:
    """Every problem with its status and its English text."""
    lines = ["| code | status | text |", "| --- | --- | --- |"]
    return "\n".join(lines + [f"| `{code}` | {entry[0] or ''} | {entry[3]} |" for code, entry in MESSAGES.items()])


def command_table() -> str:
    """Every command of the command line with its one line of help."""
    from fieldsync.cli.commands import main as commands

    lines = ["| command | what it does |", "| --- | --- |"]
    return "\n".join(lines + [f"| `{usage}` | {said} |" for usage, said in _commands(commands, "fieldsync")])


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(command, click.Group):
        for child_name, child in sorted(command.commands.items()):
            yield from _commands(child, f"{name} {child_name}")
    elif not command.hidden:
        arguments = [
            argument.make_metavar(click.Context(command)) for argument in command.params if _is_argument(argument)
        ]
        yield " ".join([name, *arguments]), command.get_short_help_str(200)


def _is_argument(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Argument)


def role_book() -> RoleBook:
    """The programme's roles."""
    found = read_file(ROOT / "forms" / "programme.yaml")
    assert isinstance(found, RoleBook), found
    return found


def permission_table() -> str:
    """Every permission and what it lets a person do."""
    lines = ["| permission | lets a person |", "| --- | --- |"]
    return "\n".join(lines + [f"| `{name}` | {meaning} |" for name, meaning in PERMISSIONS.items()])


def role_table() -> str:
    """Every role of the programme."""
    lines = [
        "| role | reach | permissions | families | counts only | own | P2 | P3 | needs 2FA | gives |",
        f"|{' --- |' * 10}",
    ]
    return "\n".join(lines + [f"| {' | '.join(_role_cells(role))} |" for role in role_book().roles])


def _role_cells(role: Role) -> list[str]:
    return [
        f"`{role.code}`",
        role.reach,
        _listed(role.permissions),
        _listed(role.families),
        _listed(role.counts),
        "yes" if role.own else "",
        role.personal,
        "yes" if role.restricted else "",
        "yes" if role.second_factor else "",
        _listed(role.gives),
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def exclusion_table() -> str:
    """Which roles exclude each other."""
    lines = ["| roles | waiver | rule |", "| --- | --- | --- |"]
    return "\n".join(
        lines
        + [
            f"| {', '.join(each.roles) or each.foreign} | {'possible' if each.waiver else 'none'} | {each.rule} |"
            for each in role_book().role_exclusions
        ]
    )


def indicator_table() -> str:
    """Every indicator, as it is defined."""
    book = read_indicators(ROOT / "forms" / "indicators.yaml")
    assert isinstance(book, IndicatorBook), book
    lines = [
        "| # | Assoc. | Indicator | Unit | Target | Definition | Divided by | Rule |",
        f"|{' --- |' * 8}",
    ]
    for each in book.indicators:
        aims = ", ".join(f"{target.operator} {target.target}" for target in each.targets) or "reported"
        divided = ", ".join(each.disaggregated)
        cells = (
            each.code,
            each.association,
            each.en,
            each.unit,
            aims,
            each.definition["en"],
            divided,
            each.suppression,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def action_table() -> str:
    """Every action of the audit log."""
    lines = ["| action | says that |", "| --- | --- |"]
    return "\n".join(lines + [f"| `{name}` | {meaning} |" for name, meaning in ACTIONS.items()])


def move_table() -> str:
    """Which review state may follow which."""
    states = [state for state in MOVES if state != HELD]
    said = {FREE: "yes", ASKED: "yes, a page asks why", DUE: "with a reason"}
    lines = [f"| from | {' | '.join(states)} |", f"| --- |{' --- |' * len(states)}"]
    for state, after in MOVES.items():
        lines.append(f"| `{state}` | {' | '.join(said.get(after.get(to, ''), '') for to in states)} |")
    return "\n".join(lines)


def data_model() -> str:
    """Every table by area, drawn and listed."""
    said = {
        mapper.class_.__tablename__: (mapper.class_.__doc__ or "").split("\n")[0] for mapper in Base.registry.mappers
    }
    tables = Base.metadata.tables
    return "\n\n".join(
        f"## {area}\n\n{_drawing([tables[name] for name in names])}\n\n"
        + "\n".join(f"- **`{name}`** {said[name]} {_columns(tables[name])}" for name in names)
        for area, names in AREAS.items()
    )


def _drawing(tables: list[Table]) -> str:
    lines = ["```mermaid", "erDiagram"]
    for table in tables:
        lines += [
            f"    {table.name} {{",
            *(f"        {_kind(column)} {column.name}" for column in table.columns),
            "    }",
        ]
    lines += sorted(
        f"    {key.column.table.name} ||--o{{ {table.name} : {key.parent.name}"
        for table in tables
        for key in table.foreign_keys
    )
    return "\n".join([*lines, "```"])


def _kind(column: "Column[object]") -> str:
    return column.type.python_type.__name__


def _columns(table: Table) -> str:
    key = ", ".join(f"`{column.name}`" for column in table.primary_key.columns)
    return f"Key: {key}."


SECTIONS: dict[str, tuple[str, Callable[[], str]]] = {
    "permissions": ("docs/access.md", permission_table),
    "roles": ("docs/access.md", role_table),
    "exclusions": ("docs/access.md", exclusion_table),
    "actions": ("docs/access.md", action_table),
    "indicators": ("docs/programme.md", indicator_table),
    "moves": ("docs/desk.md", move_table),
    "addresses": ("docs/api.md", address_table),
    "settings": ("docs/operating.md", settings_table),
    "commands": ("docs/operating.md", command_table),
    "problems": ("docs/protocol.md", problem_table),
    "modules": ("docs/architecture.md", module_map),
    "tables": ("docs/data-model.md", data_model),
}


def write() -> None:
    """Write every made part anew."""
    for name, (page, make) in SECTIONS.items():
        path = ROOT / page
        before, _, after = _split(path.read_text(), name)
        path.write_text(f"{before}\n{make()}\n\n{after}")


def made(name: str) -> str:
    """What stands in a page now where a made part belongs."""
    page, _ = SECTIONS[name]
    return _split((ROOT / page).read_text(), name)[1].strip()


def _split(text: str, name: str) -> tuple[str, str, str]:
    """A page before, within and after a made part, the marks staying outside."""
    begin, end = f"<!-- made: {name} -->\n", f"<!-- end: {name} -->"
    before, rest = text.split(begin)
    within, after = rest.split(end)
    return before + begin, within, end + after


if __name__ == "__main__":
    write()
