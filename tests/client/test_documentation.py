"""docs/client.md: its examples run, and it names what there is."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.serving import make_server

from fieldsync.client import Device
from tests.world import World

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")


@pytest.fixture
def served(sqlite_engine: Engine) -> Iterator[tuple[World, str]]:
    """A server, and its address."""
    world = World(sqlite_engine)
    server = make_server("127.0.0.1", 0, world.app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield world, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    world.database.close()


def test_the_example_runs_as_it_stands(
    served: tuple[World, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world, url = served
    phone = world.phone()
    monkeypatch.chdir(tmp_path)
    example = re.findall(r"```python\n(.*?)```", PAGE, re.S)[0]
    names: dict[str, Any] = {"url": url, "author": phone.author, "token": phone.token}
    exec(compile(example, "docs/client.md", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert printed == [line.strip() for line in re.findall(r"print\(.*?# (.*)", example)]
    assert world.fields(names["record"]) == {"name": "Fatima", "age": 35}
    (tmp_path / "IMG_1.jpg").write_bytes(b"a photo")
    names["store"] = names["device"].store
    exec(compile(re.findall(r"```python\n(.*?)```", PAGE, re.S)[1], "docs/client.md", "exec"), names)
    assert (names["report"].status, names["report"].sent) == ("ok", 1)


def test_every_public_call_is_on_the_page() -> None:
    public = {name for name in vars(Device) if not name.startswith("_")}
    assert {name for name in public if f"`{name}" not in PAGE and f", `{name}" not in PAGE} == set()
