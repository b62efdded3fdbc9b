"""What a scene has at hand: an instance of its own, or the one whose product runs as a service. A problem is raised."""

import ctypes
from dataclasses import dataclass, field

from instance import Instance
from machine import Machine
from publisher import SERVICE, Publisher

NO_SERVICES = "services: {through: none}\n"
SUITE_UNIT = """\
[Service]
ExecStart=/srv/mail/current/bin/mail-suite
DynamicUser=yes

[Install]
WantedBy=multi-user.target
"""


@dataclass
class Stage:
    machine: Machine
    publisher: Publisher
    instances: dict[str, Instance] = field(default_factory=dict)
    instance: Instance | None = None

    def make(self, name: str, lines: str = NO_SERVICES, user: str = "sceau") -> Instance:
        """A new instance, with a place for the product's data."""
        self.instance = Instance(self.machine, self.publisher, name, lines, user)
        self.instance.make_data()
        return self.instance

    def running(self, name: str, lines: str = NO_SERVICES) -> Instance:
        """One that has the newest release."""
        instance = self.make(name, lines)
        instance.start()
        instance.await_version(self.publisher.newest)
        return instance

    def mail(self) -> Instance:
        """The one whose product runs as a service."""
        if "mail" not in self.instances:
            (self.machine.root / "etc/systemd/system" / SERVICE).write_text(SUITE_UNIT)
            self.instances["mail"] = self.running("mail", "")
        self.instance = self.instances["mail"]
        return self.instance


def check(is_so: object, otherwise: str) -> None:
    if not is_so:
        raise AssertionError(otherwise)


def equal(found: object, expected: object, what: str) -> None:
    check(found == expected, f"{what}: found {found!r}, expected {expected!r}")


def has_landlock() -> bool:
    return ctypes.CDLL(None, use_errno=True).syscall(444, None, 0, 1) >= 1
