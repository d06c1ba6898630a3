"""Encrypted submissions: kept whole, opened by nobody here, and by the private key elsewhere."""

import errno
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxform.xls2xform import convert as to_xform

from fieldsync.core import odk_encryption
from fieldsync.core.problems import Problem
from fieldsync.demo import sealing
from fieldsync.services import publishing, submission_files, uploads
from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition
from tests.routes.callers import person
from tests.routes.collect import Collect, message, quarantined, said_of, visit
from tests.tiny_forms import VISIT
from tests.web.visitor import visitor
from tests.world import World, codes

PRIVATE = sealing.new_key()
PUBLIC = sealing.public_key(PRIVATE)
SECRET = "اسم لا يقرؤه أحد هنا"


def sealed(instance: str, files: dict[str, bytes], record: bytes) -> tuple[bytes, dict[str, bytes]]:
    """What Collect makes of a finished form: the envelope, and the files as they travel."""
    return sealing.sealed(PRIVATE, "visit", "9", instance, record, files)


@pytest.fixture
def amina(world: World) -> Collect:
    """Collect on a phone of an association whose visits are encrypted."""
    publish_encrypted(world)
    return Collect(world)


def publish_encrypted(world: World) -> None:
    """Version 9 of the visit, with a public key."""
    text = VISIT.format(more="", version="9").replace(
        "| version   | namespaces              |", "| version   | namespaces              | public_key |"
    )
    text = text.replace('| 9 | fs="urn:fieldsync:form" |', f'| 9 | fs="urn:fieldsync:form" | {PUBLIC} |')
    made = convert(to_xform(xlsform=text, file_type=".md").xform.encode(), "xml")
    assert made.form is not None, made.findings
    assert made.form.public_key == PUBLIC
    assert "encrypted" in {finding.code for finding in made.findings}
    definition = Definition(made.form, made.xform, None, text.encode(), "md")
    world.write(lambda session: publishing.publish(session, world.amal, definition, world.now_ms))


def export(world: World, target: Path) -> list[submission_files.Written]:
    files = uploads.open_files(world.settings)
    return world.read(lambda on: list(submission_files.write_all(on, files, world.amal, "visit", target)))


def test_the_envelope_is_kept_whole_and_opens_elsewhere(world: World, amina: Collect, tmp_path: Path) -> None:
    record = world.uuid()
    answers = visit(record, f"<name>{SECRET}</name>", version="9").encode()
    xml, files = sealed(record, {"face.jpg": b"\xff\xd8face"}, answers)
    assert amina.send(xml, files).status_code == 201
    shown = world.record(record)
    assert shown is not None
    assert (shown["review"]["state"], codes(shown)) == ("received", [])
    assert SECRET not in str(shown) and "Amina" not in str(said_of(world, record))

    [written] = export(world, tmp_path / "out")
    assert written.missing == []
    folder = tmp_path / "out" / written.folder
    assert (folder / "submission.xml").read_bytes() == xml
    opened = submission_files.decrypt(folder, PRIVATE, None)
    assert opened == submission_files.Decrypted(["face.jpg", "submission.xml"], [], False)
    assert (folder / "decrypted" / "submission.xml").read_bytes() == answers
    assert (folder / "decrypted" / "face.jpg").read_bytes() == b"\xff\xd8face"
    assert (folder / "decrypted" / "face.jpg").stat().st_mode & 0o077 == 0


def test_whoever_heard_that_a_file_is_missing_hears_that_it_came(world: World, amina: Collect) -> None:
    record, reader = world.uuid(), world.phone()
    xml, files = sealed(record, {"face.jpg": b"face"}, b"<data/>")
    names = list(files)
    amina.send(xml, {names[0]: files[names[0]]}, more=True)
    assert [codes(each) for each in reader.pulls()] == [["file_missing"]]
    amina.send(xml, {names[1]: files[names[1]]})
    assert [codes(each) for each in reader.pulls()] == [[]]


def test_its_page_says_that_nobody_reads_it_here(world: World, amina: Collect) -> None:
    record = world.uuid()
    amina.send(*sealed(record, {}, b"<data/>"))
    page = visitor(world, "coordinator").opens(f"/submissions/visit/{record}").text
    assert "Scellé sur le téléphone" in page
    assert "sans réponse" not in page
    assert "Corriger les réponses" not in page


def test_files_come_in_a_series_and_the_record_says_what_is_missing(world: World, amina: Collect) -> None:
    record = world.uuid()
    xml, files = sealed(record, {"face.jpg": b"face"}, b"<data/>")
    names = list(files)
    assert amina.send(xml, {names[0]: files[names[0]]}, more=True).status_code == 201
    assert codes(world.record(record) or {}) == ["file_missing"]
    assert amina.send(xml, {names[1]: files[names[1]]}).status_code == 201
    assert codes(world.record(record) or {}) == []
    assert len(said_of(world, record)) == 1
    world.now_ms += 400 * 24 * 3600 * 1000
    uploads.give_up(world.database, world.settings, uploads.open_files(world.settings), world.now_ms)
    sealed_files = uploads.open_files(world.settings)
    digest = hashlib.sha256(files[names[1]]).hexdigest()
    assert sealed_files.store.size(f"{world.amal}/{digest[:2]}/{digest}") == len(files[names[1]])


def test_a_plain_file_beside_an_envelope_is_never_stored(world: World, amina: Collect) -> None:
    """After a crash Collect may send what it was about to encrypt."""
    record = world.uuid()
    xml, files = sealed(record, {}, b"<data/>")
    assert amina.send(xml, {**files, "face.jpg": SECRET.encode(), "submission.xml": SECRET.encode()}).status_code == 201
    for path in world.settings.data.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()


def test_an_envelope_without_its_key_or_id_is_refused(world: World, amina: Collect) -> None:
    xml, files = sealed(world.uuid(), {}, b"<data/>")
    for gone in (b"base64EncryptedKey", b"encryptedXmlFile", b"instanceID"):
        refused = amina.send(xml.replace(gone, b"other"), files)
        assert refused.status_code == 400 and message(refused)


def test_an_envelope_for_a_form_without_a_key_is_set_apart(world: World, amina: Collect) -> None:
    xml, files = sealed(world.uuid(), {}, b"<data/>")
    told = amina.send(xml.replace(b'version="9"', b'version="1"'), files)
    assert told.status_code == 201 and "set apart" in message(told)
    assert len(quarantined(world)) == 1


def test_answers_that_come_in_clear_where_they_were_to_be_encrypted_are_kept_and_shown_to_few(
    world: World, amina: Collect, tmp_path: Path
) -> None:
    record = world.uuid()
    plain = visit(record, f"<name>{SECRET}</name>", version="9")
    for _ in range(2):
        assert "set apart" in amina.sends(plain)
    assert world.record(record) is None
    [kept] = quarantined(world)
    assert codes(kept) == ["not_encrypted"]
    assert SECRET not in str(kept)
    page = visitor(world, "coordinator").opens(f"/quarantine/{kept['quarantined']}").text
    assert "en clair" in page and SECRET not in page
    [written] = export(world, tmp_path / "out")
    assert (tmp_path / "out" / written.folder / "submission.xml").read_bytes() == plain.encode()


def test_answers_in_clear_that_are_released_stay_closed_and_an_edit_is_set_apart_as_well(
    world: World, amina: Collect
) -> None:
    record, coordinator = world.uuid(), person(world, "coordinator")
    amina.sends(visit(record, f"<name>{SECRET}</name>", version="9"))
    [kept] = quarantined(world)
    shown = coordinator.post(f"quarantine/{kept['quarantined']}/release")
    assert (shown["status"], world.fields(record)["name"]) == ("released", SECRET)
    page = visitor(world, "coordinator").opens(f"/submissions/visit/{record}").text
    asked = [coordinator.get(f"records/{record}{more}") for more in ("", "/operations")]
    assert SECRET not in page + str(shown) + str(asked)
    assert asked[0]["withheld"] == ["name"]
    assert "set apart" in amina.sends(visit(world.uuid(), "<name>Amina</name>", deprecated=record, version="9"))
    assert world.fields(record)["name"] == SECRET


def test_a_resend_is_known(world: World, amina: Collect) -> None:
    record = world.uuid()
    xml, files = sealed(record, {}, b"<data/>")
    for _ in range(3):
        assert amina.send(xml, files).status_code == 201
    assert len(said_of(world, record)) == 1


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    xml, files = sealed("a", {}, b"<data/>")
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    envelope = odk_encryption.read_envelope(xml)
    assert not isinstance(envelope, Problem)
    assert odk_encryption.opened(envelope, files, other) == Problem("envelope_closed")
    assert odk_encryption.opened(envelope, files, b"no key") == Problem("private_key_unreadable")
    cut = {name: data[:-1] for name, data in files.items()}
    changed = Problem("sealed_file_changed", detail={"file": "submission.xml.enc"})
    assert odk_encryption.opened(envelope, cut, PRIVATE) == changed
    missing = Problem("sealed_record_missing", detail={"file": "submission.xml.enc"})
    assert odk_encryption.opened(envelope, {}, PRIVATE) == missing


def opened(xml: bytes, files: Mapping[str, bytes]) -> odk_encryption.Opened | Problem:
    """What the private key finds in an envelope."""
    envelope = odk_encryption.read_envelope(xml)
    assert not isinstance(envelope, Problem)
    return odk_encryption.opened(envelope, files, PRIVATE)


def fits(xml: bytes, files: Mapping[str, bytes]) -> bool | None:
    """Whether an envelope that opens is what its signature says."""
    found = opened(xml, files)
    assert not isinstance(found, Problem), found
    return found.fits


def test_a_record_that_was_changed_in_its_middle_is_not_called_opened() -> None:
    xml, files = sealed("a", {"photo.jpg": b"photo"}, b"<data><name>Amina</name></data>" + b" " * 40)
    changed = with_byte_changed(files, "submission.xml.enc", 3)
    assert opened(xml, changed) == Problem("sealed_file_changed", detail={"file": "submission.xml.enc"})


def with_byte_changed(files: Mapping[str, bytes], name: str, place: int) -> dict[str, bytes]:
    """Somebody changed one byte of a file on its way."""
    data = bytearray(files[name])
    data[place] ^= 1
    return {**files, name: bytes(data)}


def test_the_signature_tells_what_was_changed_where_the_cipher_does_not() -> None:
    record = b"<data><name>Amina</name></data>"
    xml, files = sealed("a", {"photo.jpg": b"p" * 50, "b.jpg": b"b"}, record)
    assert fits(xml, files) is True
    assert fits(xml, with_byte_changed(files, "photo.jpg.enc", 3)) is False
    others = sealed("a", {"photo.jpg": b"p" * 50, "b.jpg": b"b"}, record)[0]
    signature = re.search(rb"<base64EncryptedElementSignature>.*?</base64EncryptedElementSignature>", xml)
    other = re.search(rb"<base64EncryptedElementSignature>.*?</base64EncryptedElementSignature>", others)
    assert signature and other
    assert fits(xml.replace(signature[0], other[0]), files) is False
    assert fits(xml.replace(signature[0], b""), files) is None
    for stated in (b' version="9"', b' id="visit"'):
        assert fits(xml.replace(stated, stated.replace(b'="', b'="1')), files) is False
    without = {name: data for name, data in files.items() if name != "b.jpg.enc"}
    assert fits(xml, without) is None
    assert fits(*sealing.sealed(PRIVATE, "visit", None, "a", record)) is True


def test_what_enketo_encrypts_opens_as_what_collect_encrypts() -> None:
    """The one masks with SHA-1, the other with SHA-256: the name of the cipher that both go by leaves it open."""
    xml, files = sealing.sealed(PRIVATE, "visit", "9", "a", b"<data/>", mask=hashes.SHA1())
    assert fits(xml, files) is True


def test_a_submission_is_opened_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    xml, files = sealed("a", {"..jpg": b"photo"}, b"<data/>")
    (tmp_path / "submission.xml").write_bytes(xml)
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)

    def is_full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", is_full)
        with pytest.raises(OSError, match="no space"):
            submission_files.decrypt(tmp_path, PRIVATE, None)
    before = {path.name for path in tmp_path.iterdir()}
    assert before == {"submission.xml", *files}
    changed = with_byte_changed(files, "..jpg.enc", 0)
    (tmp_path / "..jpg.enc").write_bytes(changed["..jpg.enc"])
    assert submission_files.decrypt(tmp_path, PRIVATE, None) == submission_files.Decrypted(
        ["..jpg", "submission.xml"], [], True
    )
    assert (tmp_path / "doubtful" / "submission.xml").read_bytes() == b"<data/>"
    (tmp_path / "..jpg.enc").write_bytes(files["..jpg.enc"])
    submission_files.decrypt(tmp_path, PRIVATE, None)
    assert {path.name for path in tmp_path.iterdir()} == before | {"decrypted"}


def test_an_envelope_that_names_a_folder_above_writes_nothing_there(tmp_path: Path) -> None:
    xml, files = sealed("a", {"photo.jpg": b"photo"}, b"<data/>")
    (tmp_path / "in").mkdir()
    for name in ("../photo.jpg.enc", "...enc", "..enc"):
        (tmp_path / "in" / "submission.xml").write_bytes(xml.replace(b"photo.jpg.enc", name.encode()))
        (tmp_path / "in" / "submission.xml.enc").write_bytes(files["submission.xml.enc"])
        (tmp_path / "in" / name).write_bytes(files["photo.jpg.enc"])
        found = submission_files.decrypt(tmp_path / "in", PRIVATE, None)
        assert found == submission_files.Decrypted(["submission.xml"], [name], False)
    assert {path.name for path in tmp_path.iterdir()} == {"in", "photo.jpg.enc"}


@settings(max_examples=15)
@given(files=st.lists(st.binary(max_size=100), max_size=20), words=st.binary(max_size=200))
def test_whatever_was_encrypted_comes_back(files: list[bytes], words: bytes) -> None:
    record = f"<data>{words.hex()}</data>".encode()
    named = {f"{number}.jpg": data for number, data in enumerate(files)}
    xml, travelling = sealed("a", named, record)
    envelope = odk_encryption.read_envelope(xml)
    assert not isinstance(envelope, Problem)
    found = odk_encryption.Opened({**named, "submission.xml": record}, (), True)
    assert odk_encryption.opened(envelope, travelling, PRIVATE) == found
