"""The demo's listening centre: visits that its phone sealed, so that the server keeps what it cannot read."""

import random
import secrets
from datetime import timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import requests
import yaml
from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.client.companion_people import new_uuid
from fieldsync.demo import sealing, setting
from fieldsync.demo.cast import Cast, Say
from fieldsync.services import enrolment
from fieldsync.services.conversion import convert
from fieldsync.services.enrolment import NewDevice
from fieldsync.services.publishing import Definition
from fieldsync.store import people
from fieldsync.store.devices import ViewRow

FORM, CENTRE, PHONE, ROLE = "f2_visit", "kht", "KHT-E01", "listening_worker"
KEY = "listening-centre.pem"
"""Lies in the demo's folder, so that whoever looks around can open what was sealed; in earnest never on the server."""

VISITS = 4
REASONS = ("information", "social", "earthquake_distress")
ACCOUNTS = (
    "طلبت معلومات عن وثائق الحالة المدنية.",
    "تحتاج إلى مساعدة لتسجيل ابنتها في المدرسة.",
    "لم تعد تنام جيدا منذ الزلزال.",
    "Elle voudrait rejoindre une coopérative.",
)
SECONDS_MAX = 30


def visits(cast: Cast, folder: Path, url: str, say: Say) -> None:
    """A listening worker's visits of some days, sealed on her phone and sent as ODK Collect sends them."""
    key, owner, dice = _key(folder), cast.associations[CENTRE], random.Random(f"listening {cast.run}")
    form = _definition(key)
    setting.publish(cast.database, [owner], [form])
    token = secrets.token_hex(24)
    cast.database.write(lambda session: _enrol(session, owner, f"{PHONE}-{cast.run}", token))
    for number in range(VISITS):
        record = new_uuid(dice)
        day = cast.today - timedelta(days=VISITS - number)
        answers = {
            "today": day.isoformat(), "reason": dice.choice(REASONS), "account": ACCOUNTS[number % len(ACCOUNTS)],
            "next_visit": (day + timedelta(days=14)).isoformat(),
        }  # fmt: skip
        said = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in answers.items())
        clear = (
            f'<data xmlns:orx="http://openrosa.org/xforms" id="{FORM}" version="{form.form.version}">{said}'
            f"<orx:meta><orx:instanceID>uuid:{record}</orx:instanceID></orx:meta></data>"
        )
        _send(f"{url}/v1/key/{token}/submission", *sealing.sealed(key, FORM, form.form.version, record, clear.encode()))
    say(f"The listening centre's phone seals {VISITS} visits: the server keeps them and cannot read them")


def _enrol(session: Session, owner: int, name: str, token: str) -> None:
    """The phone of the listening worker of the demo: what it says is hers."""
    bearer = people.find(session, f"{ROLE.replace('_', '-')}@demo.example")
    assert bearer is not None
    phone = NewDevice(owner, "device", name, (ViewRow("own"),), role=ROLE, holder_id=bearer.id)
    enrolment.enrol_at_once(session, phone, secrets.token_hex(16), token, now_ms())


def _key(folder: Path) -> bytes:
    path = folder / KEY
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(sealing.new_key())
    return path.read_bytes()


def _definition(key: bytes) -> Definition:
    sheets = yaml.safe_load((setting.OWN_FOLDER / f"{FORM}.yaml").read_text(encoding="utf-8"))
    sheets["settings"][0]["public_key"] = sealing.public_key(key)
    text = yaml.safe_dump(sheets, allow_unicode=True, sort_keys=False).encode()
    made = convert(text, "yaml", p3_allowed=True, ours=True)
    assert made.form is not None, made.findings[:3]
    return Definition(made.form, made.xform, made.xlsx, text, "yaml", tuple(made.findings))


def _send(address: str, envelope: bytes, files: dict[str, bytes]) -> None:
    parts = {"xml_submission_file": ("record.xml", envelope, "text/xml")}
    parts |= {name: (name, data, "application/octet-stream") for name, data in files.items()}
    answer = requests.post(address, files=parts, headers={"X-OpenRosa-Version": "1.0"}, timeout=SECONDS_MAX)
    assert answer.status_code == 201, answer.text
