"""Published forms, and those that somebody looks at before she publishes them."""

import secrets
from functools import cache

from fieldsync.config import Settings
from fieldsync.services import form_publication, form_uploads
from fieldsync.services.conversion import Converted
from fieldsync.services.form_publication import Sent
from fieldsync.services.publishing import Definition
from fieldsync.services.readers import Reader
from tests.tiny_forms import VISIT
from tests.web.borders import Names, Page, Section
from tests.web.visitor import visitor
from tests.world import World

FILES = {"douars.csv": b"name,label\nd1,Tagoum\n"}
OWN_FORM = {"form": "own_form"}


def fill(world: World, association_id: int) -> Names:
    """A form that this association alone has published, and one that its designer looks at."""
    colleague, at = visitor(world, "designer", association_id), world.now_ms
    reader = Reader(association_id, person=colleague.person)
    form = f"only-of-{association_id}"
    sent, made = converted(form)
    published = form_publication.ready(made, sent)
    assert isinstance(published, Definition), published
    world.write(lambda on: form_publication.publish(on, association_id, published, at, "operator"))
    kept = world.write(lambda on: form_uploads.keep(on, reader, "form.md", sent, made, at, secrets.token_bytes))
    assert isinstance(kept, str), kept
    return {"own_form": form, "form_file": "douars.csv", "upload": kept}


@cache
def converted(form: str) -> tuple[Sent, Converted]:
    """A form with a file, under an id."""
    text = VISIT.format(version="1", more="").replace("| visit   |", f"| {form} |")
    text = text.replace("| text                   | village ", "| select_one_from_file douars.csv | village ")
    sent = Sent(text.encode(), "md", FILES)
    made = form_publication.converted(sent, (), Settings())
    assert isinstance(made, Converted), made
    return sent, made


SECTION = Section(
    {
        "forms": Page(queries=("after={own_form}",)),
        "form": Page(named=OWN_FORM),
        "form_xml": Page(named=OWN_FORM, queries=("version=1",)),
        "form_xlsx": Page(named=OWN_FORM, queries=("version=1",)),
        "form_media": Page(named={**OWN_FORM, "file": "form_file"}, queries=("version=1",)),
        "retire_form": Page(named=OWN_FORM, queries=("version=1",)),
        "take_retirement": Page(named=OWN_FORM),
        "reopen_form": Page(named=OWN_FORM),
        "try_form": Page(named=OWN_FORM, queries=("version=1",)),
        "follow_form": Page(named=OWN_FORM),
        "try_upload": Page(),
        "follow_upload": Page(),
        "new_upload": Page(),
        "take_upload": Page(form={"mends": "{upload}"}),
        "upload": Page(),
        "publish_upload": Page(),
        "drop_upload": Page(),
    },
    fill,
    {"own_form": "only-of-nowhere", "form_file": "douars.csv", "upload": "00000000-0000-4000-8000-000000000000"},
)
