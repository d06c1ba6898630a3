"""An account of each role, so that whoever runs the demo can sign in and look around."""

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from fieldsync.app import now_ms
from fieldsync.services import granting, hashing, role_book, signing
from fieldsync.services.granting import Wanted
from fieldsync.store import grants, people
from fieldsync.store.db import Database

HOME = "kht"
ELSEWHERE = "khl"
"""Where a scorer scores: never where she belongs."""

WORDS = ("walnut", "saffron", "mule", "terrace", "almond", "spring", "cedar", "bread", "wool", "thyme", "river", "loom")
PASSPHRASE_WORDS = 5


@dataclass(frozen=True)
class Account:
    """Somebody whom the demo made up."""

    role: str
    email: str
    second_factor: bool


def new_passphrase() -> str:
    """One for all accounts of a demo folder, drawn when it is made: nobody else's demo has it."""
    return "-".join(secrets.choice(WORDS) for _ in range(PASSPHRASE_WORDS)) + f"-{secrets.randbelow(9000) + 1000}"


def prepare(database: Database, associations: dict[str, int], passphrase: str) -> list[Account]:
    """The accounts, made where they are not there yet."""
    hashed = hashing.hash_of(passphrase)
    return database.write(lambda session: _prepare(session, associations, hashed))


def _prepare(session: Session, associations: dict[str, int], hashed: str) -> list[Account]:
    found = []
    for role in role_book.book(session).roles:
        email = f"{role.code.replace('_', '-')}@demo.example"
        found.append(Account(role.code, email, role.second_factor))
        known = people.find(session, email)
        home = associations[HOME] if role.reach == "association" else None
        made = known or people.add(
            session, signing.new_uuid(secrets.token_bytes), home, email, f"Demo: {role.en}", hashed, now_ms()
        )
        if not grants.of_person(session, made.id):
            owner = associations[ELSEWHERE if role.code == "scorer" else HOME] if role.reach == "association" else None
            granting.grant_at_once(session, made, Wanted(role.code, owner), now_ms(), secrets.token_bytes)
    return found


def told(accounts: list[Account], passphrase: str, url: str) -> dict[str, Any]:
    """What the summary shows of them."""
    return {
        "sign_in": f"{url}/sign-in",
        "passphrase": passphrase,
        "accounts": [
            {"role": each.role, "email": each.email, "second_factor": each.second_factor} for each in accounts
        ],
    }


def as_lines(shown: dict[str, Any]) -> list[str]:
    """The accounts for people."""
    width = max(len(each["role"]) for each in shown["accounts"]) + 2
    return [
        f"Sign in at {shown['sign_in']} as one of these, all with the passphrase {shown['passphrase']}",
        *(
            f"  {each['role']:<{width}}{each['email']}{'   (needs an authenticator app)' * each['second_factor']}"
            for each in shown["accounts"]
        ),
    ]
