"""`make vendor`: copies what fieldsync/web/vendored.json names out of the npm packages, and notes the digests."""

import hashlib
import json

from tests.web.browser import WEB


def packaged(origin: dict[str, str]) -> bytes:
    """A file as its package has it."""
    return (WEB / "node_modules" / origin["package"] / origin["file"]).read_bytes()


def copy() -> None:
    """Copy every file, and write the list anew."""
    versions = json.loads((WEB / "package.json").read_text())["dependencies"]
    listed = json.loads((WEB / "vendored.json").read_text())
    for name, origin in listed.items():
        body = packaged(origin)
        (WEB / "static" / "vendor" / name).write_bytes(body)
        origin |= {"version": versions[origin["package"]], "sha256": hashlib.sha256(body).hexdigest()}
    (WEB / "vendored.json").write_text(json.dumps(listed, indent=2) + "\n")


if __name__ == "__main__":
    copy()
