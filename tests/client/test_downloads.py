"""Forms come down once, and stay readable without a link."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.client.conftest import Kit, Phone, Server

FORM_PATH = "/api/v1/forms/participant/3/form.xml"


def test_a_form_is_kept_and_asked_for_only_if_it_changed(phone: "Phone", server: "Server", kit: "type[Kit]") -> None:
    assert phone.device.form("participant", "3") is None
    server.files[FORM_PATH] = ('"1"', b"<h:html/>")
    assert phone.device.form("participant", "3") == b"<h:html/>"
    assert phone.reopen().form("participant", "3") == b"<h:html/>"
    phone.link.faults = [kit.cut_before]
    assert phone.device.form("participant", "3") == b"<h:html/>"
    phone.link.faults = [kit.answering(500)]
    assert phone.device.form("participant", "3") == b"<h:html/>"
    server.files[FORM_PATH] = ('"2"', b"<changed/>")
    assert phone.device.form("participant", "3") == b"<changed/>"


def test_names_of_media_cannot_leave_their_folder(phone: "Phone", server: "Server") -> None:
    server.files["/api/v1/forms/a%2Fb/1%3F/media/..%2F%D8%AF.csv"] = ("e", b"code,label")
    assert phone.device.media("a/b", "1?", "../د.csv") == b"code,label"


def test_nothing_is_asked_before_enrolment(server: "Server", kit: "type[Kit]") -> None:
    stranger = kit.Phone(server)
    assert stranger.device.form("participant", "3") is None
    assert stranger.link.requests == 0
