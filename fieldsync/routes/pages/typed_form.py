"""What a form of questions carried: answers as typed, the questions that it asked, its rows."""

from flask import request

from fieldsync.routes.context import context
from fieldsync.services import signing
from fieldsync.services.record_editing import Typed

ADD, REMOVE = "add:", "remove:"
"""Buttons that let a row come or go, with the repeat's or the row's path behind."""


def read_typed(pressed: str) -> Typed:
    """The form as it was when a button was pressed, a row more or less where that was the button."""
    rows = [row for row in request.form.getlist("row") if pressed != REMOVE + row]
    if pressed.startswith(ADD):
        rows.append(f"{pressed.removeprefix(ADD)}[{signing.new_uuid(context().draw)}]")
    asked = request.form.getlist("asked")
    return Typed({path: request.form.getlist(f"a:{path}") for path in asked}, asked, rows)
