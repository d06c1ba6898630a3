"""Days of companions with ODK Collect: what was sent is there once, whatever happened to it meanwhile."""

from fieldsync.client.transport import Answer, LinkDown
from tests.collect.census import LIST, census
from tests.collect.phone import CollectPhone, Finished
from tests.collect.village import Http, Village, together
from tests.collect.wire import written
from tests.cut_links import DOWN, Link

ANSWERS = {"pace": "slow", "head": "Fadma", "village": "07.041"}


def bare(record: Finished) -> str:
    return record.instance.removeprefix("uuid:")


def house(village: Village, phone: CollectPhone, head: str = "Fadma", **photos: str) -> Finished:
    """A house that is new."""
    made = phone.list_of(LIST).create(village.uuid(), head, {"head": head})
    return phone.finish(census(village.uuid(), {**ANSWERS, "head": head, **photos}, made))


def house_of(record: Finished) -> str:
    return record.xml.decode().partition("<entity ")[2].partition(' id="')[2].partition('"')[0]


def changed(village: Village, phone: CollectPhone, uuid: str, **answers: str) -> Finished:
    """A house that is on the phone, with other answers."""
    said = phone.list_of(LIST).update(uuid, answers)
    return phone.finish(census(village.uuid(), {"house": uuid, **answers}, said))


def test_a_day_from_the_code_to_the_record(village: Village, link: Link) -> None:
    for signing in (False, True):
        phone = village.phone(link, signing)
        phone.match()
        assert phone.forms["census"].version == "1"
        photos = village.photos()
        front, back = photos
        record = phone.finish(census(village.uuid(), {**ANSWERS, "front": front, "back": back}), photos)
        assert phone.send_all()
        assert village.record(bare(record))["fields"]["head"] == "Fadma"
        assert village.holds(bare(record), photos)
        assert phone.updated() == []


def test_the_answer_is_lost_and_the_form_edited_before_it_is_sent_again(village: Village, link: Link) -> None:
    phone = village.phone(link)
    record = house(village, phone)
    link.cut(DOWN, 600)  # the answer to the HEAD passes, that to the record does not
    assert not phone.send_all()
    edit = phone.finish(census(village.uuid(), {**ANSWERS, "head": "Fatima"}, deprecated=bare(record)))
    phone.outbox.remove(edit)
    phone.outbox.insert(0, edit)  # the newer one goes first
    assert phone.send_all()
    assert village.record(bare(record))["fields"]["head"] == "Fatima"
    assert village.submissions(bare(record)) == village.submissions(bare(edit)) == 1


def test_the_same_record_is_sent_twice_at_once(village: Village, link: Link) -> None:
    phone = village.phone(link)
    photos = village.photos()
    front, back = photos
    record = phone.finish(census(village.uuid(), {**ANSWERS, "front": front, "back": back}), photos)
    code = written({"server_url": phone.settings.url})
    twins = [CollectPhone(code, Http(), village.uuid) for _ in range(2)]
    together(*(lambda twin=twin: twin.send(record) for twin in twins))
    assert record.is_sent
    assert village.submissions(bare(record)) == 1
    assert village.holds(bare(record), photos)


def test_the_record_is_deleted_between_its_parts(village: Village, link: Link) -> None:
    phone = village.phone(link)
    photos = village.photos()
    front, back = photos
    record = phone.finish(census(village.uuid(), {**ANSWERS, "front": front, "back": back}), photos)
    whole, posts = phone._ask, 0

    def deleting(method: str, *rest: object) -> Answer:
        nonlocal posts
        posts += method == "POST"
        if method == "POST" and posts == 2:
            village.deletes(bare(record))
        return whole(method, *rest)  # type: ignore[arg-type]

    phone._ask = deleting
    assert phone.send_all()
    shown = village.record(bare(record))
    assert posts == 2 and village.submissions(bare(record)) == 1
    assert shown["deleted"] or shown["delete_conflict"]  # what came after the delete had not seen it: people decide
    again = phone.finish(record.xml.decode(), photos)
    assert phone.send_all() and again.is_sent
    assert village.submissions(bare(record)) == 1


def test_a_form_is_renewed_while_its_records_are_on_their_way(village: Village, link: Link) -> None:
    phone = village.phone(link)
    phone.match()
    before = house(village, phone)
    link.cut(DOWN, 0)
    assert not phone.send_all()
    village.publish("2")
    assert [each.version for each in phone.updated()] == ["2"]
    phone.match()
    after = phone.finish(census(village.uuid(), {**ANSWERS, "more": "yes"}, version="2"))
    assert phone.send_all()
    assert [village.record(bare(each))["version"] for each in (before, after)] == ["1", "2"]
    assert [each.id for each in phone.updated()] == ["census"]  # its list has the phone's own house now
    phone.match()
    assert phone.updated() == []


def test_houses_are_made_and_changed_offline_and_arrive_in_any_order(village: Village, link: Link) -> None:
    phone, other = village.phone(link), village.phone(link)
    phone.match()
    made = house(village, phone)
    uuid = house_of(made)
    second = changed(village, phone, uuid, head="Fatima")
    third = changed(village, phone, uuid, head="Fadma Ait")
    phone.outbox = [third, made, second]
    assert phone.send_all()
    shown = village.record(uuid)
    assert shown["fields"]["head"] == "Fadma Ait", shown
    phone.match()
    other.match()
    assert other.list_of(LIST).kept[uuid].properties["head"] == "Fadma Ait"
    assert phone.list_of(LIST).kept[uuid].version == other.list_of(LIST).kept[uuid].version
    assert not phone.list_of(LIST).kept[uuid].is_offline
    changed(village, phone, uuid, head="Khadija")
    changed(village, other, uuid, head="Zahra")
    assert phone.send_all() and other.send_all()
    shown = village.record(uuid)
    heads = {shown["fields"]["head"], *(each["value"] for each in shown["conflicts"].get("head", ()))}
    assert heads == {"Khadija", "Zahra"}


def test_a_house_that_is_gone_leaves_the_phones(village: Village, link: Link) -> None:
    phone, other = village.phone(link), village.phone(link)
    made = house(village, phone)
    uuid = house_of(made)
    assert phone.send_all()
    other.match()
    assert uuid in other.list_of(LIST).kept
    village.deletes(uuid)
    assert phone.list_of(LIST).kept[uuid].is_offline  # it made the house itself, and has not heard of the list since
    phone.match()
    other.match()
    assert uuid not in phone.list_of(LIST).kept
    assert uuid not in other.list_of(LIST).kept
    waiting = house(village, phone)
    phone.match()
    assert house_of(waiting) in phone.list_of(LIST).kept  # not sent yet: not gone


def test_a_list_that_did_not_change_is_not_sent_again(village: Village, link: Link) -> None:
    phone = village.phone(link)
    house(village, phone)
    assert phone.send_all()
    phone.match()
    link.listen()
    again = phone.listed()[0]
    assert phone.updated() == []
    address = next(each.download for each in phone._manifest(again) if each.kind)
    answer = phone._call("GET", address, {"If-None-Match": phone._cache[address][0]})
    assert (answer.status, answer.body) == (304, b"")


def test_the_server_dies_while_it_takes_a_record(village: Village, link: Link) -> None:
    phone = village.phone(link)
    photos = village.photos()
    front, back = photos
    record = phone.finish(census(village.uuid(), {**ANSWERS, "front": front, "back": back}), photos)
    whole, posts = phone._ask, 0

    def dying(method: str, *rest: object) -> Answer:
        nonlocal posts
        answer = whole(method, *rest)  # type: ignore[arg-type]
        posts += method == "POST"
        if posts == 1 and method == "POST":
            village.server.kill()
            raise LinkDown("reset by peer")
        return answer

    phone._ask = dying
    assert not phone.send_all()
    village.server.start()
    phone._ask = Http()
    phone.settings = type(phone.settings)(phone.settings.url.replace(f":{link.port}", f":{village.port}"))
    assert phone.send_all()
    assert village.submissions(bare(record)) == 1
    assert village.holds(bare(record), photos)


def test_a_phone_that_was_lost_gets_nothing_and_its_owner_no_dead_end(village: Village, link: Link) -> None:
    phone = village.phone(link)
    phone.match()
    record = house(village, phone)
    village.loses(phone)
    phone.match()
    assert phone.forms == {}
    assert phone.send_all() and record.is_sent
