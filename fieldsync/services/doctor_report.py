"""What `fieldsync doctor` looked at, and what it found."""

from collections import Counter
from dataclasses import dataclass, field

from fieldsync.store.checks import SHOWN_MAX


@dataclass
class Report:
    """What was looked at, by kind, and what is wrong: (check, where, what). The first faults of a check are listed."""

    checked: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    findings: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults

    def tell(self, check: str, where: str, what: str) -> None:
        """Note a fault."""
        self.faults[check] += 1
        if self.faults[check] <= SHOWN_MAX:
            self.findings.append((check, where, what))
