"""ODK Validate, the checker that came with pyxform, over many XForms in one Java machine."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from fieldsync.core.problems import Problem

_PYXFORM = find_spec("pyxform")  # found, not imported: that takes longer than the start of a server
assert _PYXFORM is not None and _PYXFORM.origin is not None
JAR = Path(_PYXFORM.origin).parent / "validators" / "odk_validate" / "bin" / "ODK_Validate.jar"
SECONDS_MAX = 600
"""A form takes some milliseconds once Java has started, a very large one some seconds."""

_JAVA = ("-Djava.awt.headless=true", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8")
_FORM = re.compile(r"^Validating: (.*)$", re.MULTILINE)
_VERDICT = "The following files failed validation:"
_STACK = re.compile(r"\n\s+at [^\n]*|\n\s+\.\.\. \d+ more")


def validate(xforms: Mapping[str, bytes]) -> dict[str, str] | Problem:
    """What ODK Validate says of the XForms that fail, by their names; a problem where it cannot run."""
    java = shutil.which("java")
    if java is None:
        return Problem("java_missing")
    names = list(xforms)
    with tempfile.TemporaryDirectory(prefix="fieldsync-validate-") as folder:
        for number, name in enumerate(names):
            (Path(folder) / f"{number}.xml").write_bytes(xforms[name])
        files = [f"{number}.xml" for number in range(len(names))]
        try:
            done = subprocess.run(
                [java, *_JAVA, "-jar", str(JAR), *files], cwd=folder, check=False, timeout=SECONDS_MAX,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return Problem("java_missing")
    said, heard, verdict = done.stdout.partition(_VERDICT)
    if done.returncode not in (0, 1) or bool(done.returncode) != bool(heard):
        return Problem("java_missing")
    failed = set(verdict.split()) & set(files)
    texts = _FORM.split(said)
    by_file = dict(zip(texts[1::2], texts[2::2], strict=True))
    return {names[int(file.removesuffix(".xml"))]: _shortened(by_file.get(file, "")) for file in sorted(failed)}


def _shortened(text: str) -> str:
    """Its complaints, each once, without the places in its own source."""
    lines = [line.strip() for line in _STACK.sub("", text).splitlines()]
    return "\n".join(dict.fromkeys(line for line in lines if line and not line.startswith(">>")))
