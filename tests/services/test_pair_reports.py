"""Two reports side by side: in the order of their form, whatever ids each phone gave the rows of a repeat."""

from fieldsync.core.form_texts import FormText, in_three
from fieldsync.core.shown_values import ShownValue
from fieldsync.services.answers_told import Words
from fieldsync.services.pair_reports import ReportForm, addresses

ONE, TWO, THREE = (f"0000000{number}-0000-4000-8000-000000000000" for number in (1, 2, 3))

FORM = ReportForm(
    Words(lambda path: FormText(path), lambda _path, value: ShownValue("text", str(value))),
    {"start": 0, "month": 1, "products/what": 2, "products/sold": 3, "sales": 4},
    {"month", "products/what", "products/sold", "sales"},
)


def report(**said: object) -> dict[str, object]:
    return {"fields": said, "withheld": [], "masked": []}


def test_rows_of_a_repeat_meet_by_their_number() -> None:
    """Each phone draws ids of its own, so that two reports of one month share none; order keys say what came first."""
    first = {
        f"products[{ONE}]": "a1", f"products[{ONE}]/what": "rug",
        f"products[{TWO}]": "a0", f"products[{TWO}]/what": "basket",
    }  # fmt: skip
    assert addresses(report(**first)) == {
        "products[1]": f"products[{TWO}]", "products[1]/what": f"products[{TWO}]/what",
        "products[2]": f"products[{ONE}]", "products[2]/what": f"products[{ONE}]/what",
    }  # fmt: skip
    other = addresses(report(**{f"products[{THREE}]/what": "basket"}))
    assert other == {"products[1]/what": f"products[{THREE}]/what"}


def test_answers_stand_as_the_form_asks_and_what_nobody_is_asked_is_told_apart() -> None:
    mixed = ["sales", "products[2]/what", "products[2]", "start", "products[1]/sold", "products[1]", "month",
             "products[1]/what", "meta/instanceID"]  # fmt: skip
    asked = [each for each in sorted(mixed, key=FORM.place) if FORM.is_asked(each)]
    assert asked == ["month", "products[1]", "products[1]/what", "products[1]/sold", "products[2]",
                     "products[2]/what", "sales"]  # fmt: skip


def test_a_label_in_three_languages_at_once_is_the_readers() -> None:
    assert in_three("دوار آخر · Autre douar · Other douar") == {
        "ar": "دوار آخر", "fr": "Autre douar", "en": "Other douar",
    }  # fmt: skip
    assert in_three("الحوز · Al Haouz") == {} == in_three("")
