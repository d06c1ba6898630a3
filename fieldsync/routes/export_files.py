"""The files of exports, handed out and taken back: for pages and the API alike."""

from flask import Response, send_file

from fieldsync.core.export_options import FORMATS, ZIP
from fieldsync.core.problems import Problem
from fieldsync.routes.context import context
from fieldsync.routes.errors import Refused
from fieldsync.services import exports
from fieldsync.services.readers import Reader
from fieldsync.store.exports import ExportRow


def handed_out(who: Reader, row: ExportRow) -> Response:
    """The file as an answer; that it was fetched is written down first where it tells of people."""
    here = context()
    path = here.settings.exports_folder.absolute() / row.file
    if not path.is_file():
        raise Refused(Problem("export_gone"))
    here.database.write(lambda session: exports.note_fetched(session, who, row, here.now_ms()))
    media_type = FORMATS.get(row.file_name.rpartition(".")[2], ZIP)
    response = send_file(path, mimetype=media_type, as_attachment=True, download_name=row.file_name)
    response.headers["Cache-Control"] = "no-store"
    return response


def take_back(row: ExportRow) -> None:
    """End an export, then remove what there is of its file."""
    here = context()
    if here.database.write(lambda session: exports.cancel(session, row, here.now_ms())):
        exports.remove_files(here.settings.exports_folder, [row.file])
