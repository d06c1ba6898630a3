"""A folder on the server's disk: files and names are sure to survive a power cut once they were flushed, not before."""

import errno
import os
import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from tests.simulation.disk import Disk

MEMORY = Path("/dev/shm")

Tree = dict[str, "bytes | Tree"]
"""What a folder holds."""

SHARES = (0.0, 0.5, 1.0)
"""Of what was not flushed, how much is there after a fall; all of it where the process alone has ended."""


class FileDisk:
    """The product writes real files into `folder`; its flushes, renames and removals are watched, and may be its last.

    What is removed or replaced goes to a grave, so that no file is ever taken for another.
    """

    def __init__(self, disk: Disk, dice: random.Random, clock: Callable[[], int]) -> None:
        self._disk = disk
        self._dice = dice
        self._clock = clock
        self._place = TemporaryDirectory(prefix="fieldsync-", dir=MEMORY if MEMORY.is_dir() else None)
        self.folder = Path(self._place.name, "data")
        self._grave = Path(self._place.name, "grave")
        self._flushed: dict[int, bytes] = {}
        """File to its bytes when they were flushed last."""
        self._names: dict[Path, dict[str, int]] = {}
        """Folder to its names when they were flushed last, and what bore them."""
        self._stamps: dict[int, int] = {}
        self.put_back({})

    def close(self) -> None:
        self._place.cleanup()

    def image(self) -> Tree:
        """A copy of everything."""
        return _read(self.folder)

    def put_back(self, tree: Tree) -> None:
        """Another disk stands in the place of this one."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._flushed.clear()
        self._names.clear()
        self._write(self.folder, tree)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Meanwhile what the product does with files is noticed."""
        with mock.patch.multiple(
            os, fsync=self._around(os.fsync, self._flush), replace=self._around(os.replace, self._replace),
            unlink=self._around(os.unlink, self._unlink),
        ):  # fmt: skip
            yield

    def lose_power(self) -> None:
        """The process is gone, and perhaps the machine with it: what was not flushed is there, or in part, or not."""
        share = self._dice.choice(SHARES)
        if share < 1.0:
            bearers = {path.stat().st_ino: path for path in self._place_files()}
            self.put_back(self._survivors(self.folder, bearers, share))

    def stamp(self) -> None:
        """Give what was written since the world's hour: files of real machines bear that of their clock."""
        for path in self._place_files():
            found = path.stat()
            if self._stamps.get(found.st_ino) != found.st_mtime_ns:
                stamp = self._stamps[found.st_ino] = self._clock() * 1_000_000
                os.utime(path, ns=(stamp, stamp))

    def _place_files(self) -> list[Path]:
        return [path for path in Path(self._place.name).rglob("*") if path.is_file()]

    def _around(self, real: Callable[..., Any], act: Callable[..., Any]) -> Callable[..., Any]:
        """`act` in the place of a function of the system, where it is about this folder."""

        def called(target: Any, *rest: Any, **named: Any) -> Any:
            path = Path(os.readlink(f"/proc/self/fd/{target}")) if isinstance(target, int) else Path(target)
            if not path.is_relative_to(self.folder):
                return real(target, *rest, **named)
            if self._disk.is_down:
                return None
            full = OSError(errno.ENOSPC, "no space left on device")
            self._disk.passes("file", False, full)
            result = act(path, *rest)
            self._disk.passes("file", True, full)
            return result

        return called

    def _flush(self, path: Path) -> None:
        if path.is_dir():
            self._names[path] = {each.name: each.stat().st_ino for each in path.iterdir()}
        else:
            self._flushed[path.stat().st_ino] = path.read_bytes()

    def _replace(self, source: Path, target: Path) -> None:
        if Path(target).exists():
            self._unlink(Path(target))
        source.rename(target)

    def _unlink(self, path: Path) -> None:
        path.rename(self._grave / str(path.stat().st_ino))

    def _survivors(self, folder: Path, bearers: Mapping[int, Path], share: float) -> Tree:
        before = self._names.get(folder, {})
        now = {each.name: each.stat().st_ino for each in folder.iterdir()}
        tree: Tree = {}
        for name in sorted(before.keys() | now.keys()):
            bears = now.get(name) if self._dice.random() < share else before.get(name)
            if bears is None:
                continue
            if (folder / name).is_dir():
                tree[name] = self._survivors(folder / name, bearers, share)
            else:
                tree[name] = self._surviving_bytes(bears, bearers[bears].read_bytes(), share)
        return tree

    def _surviving_bytes(self, file: int, written: bytes, share: float) -> bytes:
        flushed = self._flushed.get(file, b"")
        if self._dice.random() >= share:
            return flushed
        least = len(flushed) if written.startswith(flushed) else 0
        return written[: self._dice.randint(least, len(written))]

    def _write(self, folder: Path, tree: Tree) -> None:
        """Make a folder of what is there after a fall: all of it is sure now."""
        self._grave.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True)
        for name, what in tree.items():
            if isinstance(what, dict):
                self._write(folder / name, what)
            else:
                (folder / name).write_bytes(what)
                self._flush(folder / name)
        self._flush(folder)


def _read(folder: Path) -> Tree:
    return {each.name: _read(each) if each.is_dir() else each.read_bytes() for each in folder.iterdir()}
