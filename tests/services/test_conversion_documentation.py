"""docs/forms.md lists every finding that a designer can meet, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE_PLACES = {"error": 0, "Finding": 1, "_finding": 2, "add": 2}
MADE_OF_TWO = {"key_in_repeat", "place_in_repeat"}
MODULES = (
    "core/xform*.py", "core/xlsform*.py", "core/form_findings.py", "core/form_references.py",
    "core/choice_findings.py", "core/media.py", "services/workbook.py", "services/conversion*.py",
    "services/entity_lists.py",
)  # fmt: skip


def _codes(path: Path) -> set[str]:
    """Codes of findings made in a module: the argument that holds it depends on the function."""
    sheet_module = path.name.startswith("xlsform")
    found = set()
    module = ast.parse(path.read_text())
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        place = (3 if sheet_module else 2) if name == "_at" else CODE_PLACES.get(name)
        if place is not None and len(node.args) > place:
            argument = node.args[place]
            if isinstance(argument, ast.Name):
                argument = constants.get(argument.id, argument)
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                found.add(argument.value)
    return found


def test_every_finding_is_in_the_table() -> None:
    paths = [path for pattern in MODULES for path in (ROOT / "fieldsync").glob(pattern)]
    used = MADE_OF_TWO.union(*(_codes(path) for path in paths))
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/forms.md").read_text(), re.MULTILINE))
    assert used == listed
