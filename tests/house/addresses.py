"""The table of the API's addresses in docs/api.md, made from the OpenAPI document that the server itself gives."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from fieldsync.app import create_app
from fieldsync.config import Settings
from fieldsync.store.db import Database

ASKED_ON_EVERY_PAGE = {"cursor", "limit"}
"""Said once, under "Pages"."""


def address_table() -> str:
    """Every address by what it is about: what its query and its body may say, and what it does."""
    described = _document()
    operations = [
        (shown["tags"][0], f"| {_address(method, path)}{_taken(described, shown)} | {_said(shown)} |")
        for path, methods in described["paths"].items()
        for method, shown in methods.items()
        if method != "parameters"
    ]
    tags = list(dict.fromkeys(tag for tag, _ in operations))
    return "\n\n".join(
        "\n".join([f"**{_words(tag)}**\n", "| request | what it does |", "| --- | --- |", *lines])
        for tag in tags
        for lines in [[line for of, line in operations if of == tag]]
    )


def _document() -> dict[str, Any]:
    database = Database(create_engine("sqlite://"), inline=True)
    app = create_app(Settings(data=Path("unused")), database, lambda: 0, bytes)
    document: dict[str, Any] = app.test_client().get("/api/openapi.json").get_json()
    return document


def _words(tag: str) -> str:
    return tag.replace("_", " ").capitalize()


def _address(method: str, path: str) -> str:
    return f"`{method.upper()} {path.replace('{', '<').replace('}', '>')}`"


def _taken(described: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    query = [
        each["name"]
        for each in shown.get("parameters", ())
        if each["in"] == "query" and each["name"] not in ASKED_ON_EVERY_PAGE
    ]
    asked = f" `?{'=&'.join(query)}=`" if query else ""
    body = ", ".join(f"`{name}`" for name in _members(described, shown))
    return f"{asked} {{{body}}}" if body else asked


def _members(described: Mapping[str, Any], shown: Mapping[str, Any]) -> Iterator[str]:
    content = shown.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        schema = content["schema"]
        named = schema.get("$ref", "").rpartition("/")[2]
        yield from (described["components"]["schemas"][named] if named else schema).get("properties", ())


def _said(shown: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (shown["summary"], shown.get("description", "").replace("\n", " "))))
