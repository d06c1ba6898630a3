"""Small forms for tests of the server, as Markdown; converted once a process."""

from functools import cache

from pyxform.xls2xform import convert as to_xform

from fieldsync.services.conversion import convert
from fieldsync.services.publishing import Definition

VISIT = """
| survey  |
|         | type                   | name     | label    | required | constraint | bind::fs:class | bind::fs:place |
|         | text                   | name     | Name     | yes      |            | P2             |                |
|         | integer                | age      | Age      |          | . < 120    | P1             |                |
|         | select_one colour      | colour   | Colour   |          |            | P1             |                |
|         | select_multiple colour | likes    | Likes    |          |            | P1             |                |
|         | text                   | village  | Village  |          |            | P1             | yes            |
|         | image                  | photo    | Photo    |          |            | P2             |                |
|         | begin_repeat           | children | Children |          |            | P2             |                |
|         | text                   | called   | Called   |          |            | P2             |                |
|         | end_repeat             |          |          |          |            |                |                |
| choices |
|         | list_name | name  | label |
|         | colour    | red   | Red   |
|         | colour    | green | Green |
{more}
| settings |
|         | form_id | form_title | version   | namespaces              |
|         | visit   | Visit      | {version} | fs="urn:fieldsync:form" |
"""

PERSON = """
| survey  |
|         | type            | name     | label   | bind::fs:class | bind::fs:place | bind::fs:protective | save_to  |
|         | csv-external    | people   |         |                |                |                     |          |
|         | text            | person   | Person  | P1             |                |                     |          |
|         | text            | fullname | Name    | P2             |                |                     | fullname |
|         | select_one risk | risk     | Risk    | P2             |                | high low            | risk     |
|         | text            | village  | Village | P1             | yes            |                     | village  |
| choices |
|         | list_name | name | label |
|         | risk      | high | High  |
|         | risk      | low  | Low   |
| entities |
|         | list_name | entity_id | create_if         | update_if        | label       |
|         | people    | ${person} | ${fullname} != '' | ${fullname} = '' | ${fullname} |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | person  | Person     | 1       | fs="urn:fieldsync:form" |
"""

MONTHLY = """
| survey  |
|         | type    | name  | label | bind::fs:class | bind::fs:key |
|         | text    | group | Group | P1             | yes          |
|         | text    | month | Month | P1             | yes          |
|         | integer | sales | Sales | P1             |              |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | monthly | Monthly    | 1       | fs="urn:fieldsync:form" |
"""

TURNOVER = """
| survey  |
|         | type                            | name  | label | bind::fs:class | bind::fs:key |
|         | select_one_from_file people.csv | group | Group | P1             | yes          |
|         | text                            | month | Month | P1             | yes          |
|         | integer                         | sales | Sales | P1             |              |
| settings |
|         | form_id  | form_title | version | namespaces              |
|         | turnover | Turnover   | 1       | fs="urn:fieldsync:form" |
"""

ROUND = """
| survey  |
|         | type     | name    | label         | bind::fs:class | bind::fs:place |
|         | start    | start   |               | P1             |                |
|         | end      | end     |               | P1             |                |
|         | text     | commune | Commune       | P1             | yes            |
|         | geopoint | where   | Where         | P1             |                |
|         | integer  | women   | Women present | P1             |                |
{questions}
| settings |
|         | form_id | form_title | version | namespaces              |
|         | round   | Round      | 1       | fs="urn:fieldsync:form" |
"""

SECRET = """
| survey  |
|         | type    | name  | label | bind::fs:class |
|         | start   | start |       | P3             |
|         | integer | women | Women | P3             |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | secret  | Secret     | 1       | fs="urn:fieldsync:form" |
"""

HOME = """
| survey  |
|         | type     | name    | label   | bind::fs:class | bind::fs:place |
|         | text     | commune | Commune | P1             | yes            |
|         | geopoint | where   | Where   | P2             |                |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | home    | Home       | 1       | fs="urn:fieldsync:form" |
"""

WORKSHOP = """
| survey  |
|         | type     | name    | label   | bind::fs:class | bind::fs:place | save_to  |
|         | csv-external | workshops |     |                |                |          |
|         | text     | id      | Id      | P1             |                |          |
|         | text     | title   | Title   | P1             |                |          |
|         | text     | commune | Commune | P1             | yes            | commune  |
|         | geopoint | where   | Where   | P1             |                | geometry |
| entities |
|         | list_name | entity_id | create_if      | update_if     | label    |
|         | workshops | ${id}     | ${title} != '' | ${title} = '' | ${title} |
| settings |
|         | form_id  | form_title | version | namespaces              |
|         | workshop | Workshop   | 1       | fs="urn:fieldsync:form" |
"""

MEMBER = """
| survey  |
|         | type    | name   | label    | bind::fs:class | bind::fs:place | bind::fs:part | save_to |
|         | csv-external | members |    |                |                |               |         |
|         | text    | id     | Id       | P1             |                |               |         |
|         | text    | name   | Name     | P2             |                | full_name     | called  |
|         | text    | script | In other | P2             |                | full_name     | script  |
|         | text    | sex    | Sex      | P2             |                | sex           | sex     |
|         | date    | born   | Born     | P2             |                | birth_date    | born    |
|         | integer | year   | Year     | P2             |                | birth_year    | year    |
|         | text    | phone  | Phone    | P2             |                | phone         | phone   |
|         | text    | card   | Card     | P2             |                | national_id   | card    |
|         | text    | mother | Mother   | P2             |                | relative      | mother  |
|         | text    | home   | Home     | P1             | yes            |               | home    |
| entities |
|         | list_name | entity_id | create_if     | update_if    | label   |
|         | members   | ${id}     | ${name} != '' | ${name} = '' | ${name} |
| settings |
|         | form_id | form_title | version | namespaces              |
|         | member  | Member     | 1       | fs="urn:fieldsync:form" |
"""

COOPERATIVE = """
| survey  |
|         | type            | name     | label     | bind::fs:class | bind::fs:place | bind::fs:part   | save_to  |
|         | csv-external    | cooperatives |       |                |                |                 |          |
|         | text            | id       | Id        | P1             |                |                 |          |
|         | text            | arabic   | In Arabic | P0             |                | name            | arabic   |
|         | text            | french   | In French | P0             |                | name            | french   |
|         | text            | register | Number    | P1             |                | register_number | register |
|         | text            | crafts   | Crafts    | P0             |                | activity        | crafts   |
|         | text            | home     | Home      | P1             | yes            |                 | home     |
| entities |
|         | list_name    | entity_id | create_if       | update_if      | label     |
|         | cooperatives | ${id}     | ${arabic} != '' | ${arabic} = '' | ${arabic} |
| settings |
|         | form_id     | form_title  | version | namespaces              |
|         | cooperative | Cooperative | 1       | fs="urn:fieldsync:form" |
"""

TRAINING = """
| survey  |
|         | type                            | name    | label   | bind::fs:class | bind::fs:place |
|         | text                            | commune | Commune | P1             | yes            |
|         | select_one_from_file people.csv | trainer | Trainer | P1             |                |
|         | begin_repeat                    | present | Present | P2             |                |
|         | select_one_from_file people.csv | who     | Who     | P2             |                |
|         | end_repeat                      |         |         |                |                |
| settings |
|         | form_id  | form_title | version | namespaces              |
|         | training | Training   | 1       | fs="urn:fieldsync:form" |
"""

QUESTIONS = "\n".join(f"|         | text | q{number} | Question {number} | P2 | |" for number in range(1, 9))

BLUE = "|         | colour    | blue  | Blue  |"

TEXTS = {
    "visit 1": VISIT.format(version="1", more=""),
    "visit 2": VISIT.format(version="2", more=BLUE),
    "person 1": PERSON,
    "person 2": PERSON.replace("high low", "low high").replace("Person     | 1 ", "Person     | 2 "),
    "person 3": PERSON.replace("| Name    | P2 ", "| Name    | P3 ").replace("Person     | 1 ", "Person     | 3 "),
    "monthly 1": MONTHLY,
    "f5_monthly 1": MONTHLY.replace("| monthly |", "| f5_monthly |"),
    "round 1": ROUND.format(questions=QUESTIONS),
    "secret 1": SECRET,
    "home 1": HOME,
    "workshop 1": WORKSHOP,
    "member 1": MEMBER,
    "member 3": MEMBER.replace("| Card     | P2 ", "| Card     | P3 ").replace("Member     | 1 ", "Member     | 3 "),
    "member 2": MEMBER.replace("| birth_year ", "|            ").replace("Member     | 1 ", "Member     | 2 "),
    "cooperative 1": COOPERATIVE,
    "training 1": TRAINING,
    "turnover 1": TURNOVER,
}


@cache
def definition(name: str) -> Definition:
    """A form ready to publish, by "form version"."""
    text = TEXTS[name]
    xform = to_xform(xlsform=text, file_type=".md").xform.encode()
    converted = convert(
        xform,
        "xml",
        lists=("people", "members", "cooperatives"),
        p3_allowed=name in ("secret 1", "person 3", "member 3"),
    )
    assert converted.form is not None, converted.findings
    return Definition(converted.form, converted.xform, None, text.encode(), "md", tuple(converted.findings))
