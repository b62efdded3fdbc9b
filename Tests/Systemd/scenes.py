"""What the packaged units do under a live systemd: starting, telling, services; and the list of all scenes."""

from collections.abc import Callable

from machine import wait_until
from publisher import SERVICE
from stage import NO_SERVICES, Stage, check, equal, has_landlock
from stopping import (
    killed_in_a_hook, main_killed_in_a_hook, power_off, power_off_while_checking, stopped_in_a_hook, watchdog)
from walls import as_root, late_prefix, leaves_nothing, mail_within_the_walls, walls

RULES = "etc/polkit-1/rules.d/50-sceau.rules"


def first_installation(stage: Stage) -> None:
    """started as the page says: active once it is ready; what it makes is sceau's, and the state is private"""
    one = stage.make("first")
    stage.machine.do("systemctl", "enable", "--now", one.unit)
    equal(one.show("ActiveState"), "active", "after systemctl start")
    check(one.status, "it is active and has not said how it stands")
    one.await_version(stage.publisher.newest)
    equal(one.owners(), {"sceau"}, "owners in the prefix")
    info = stage.machine.do("stat", "-c", "%U:%G %a", "/var/lib/sceau/first").strip()
    equal(info, "sceau:sceau 700", "the state folder")
    said = stage.machine.run("systemctl", "status", one.unit).output
    check(f'Status: "{stage.publisher.newest}"' in said, f"systemctl status: {said}")
    stage.machine.do("systemctl", "disable", "--now", one.unit)
    equal(one.show("Result"), "success", "after systemctl stop")


def by_hand_first(stage: Stage) -> None:
    """root installs by hand before the service ever ran: nothing is left that the service cannot write"""
    one = stage.make("hand")
    one.agent("update")
    equal(one.owners(), {"sceau"}, "owners in the prefix after root's update")
    stage.publisher.release()
    one.start()
    one.await_version(stage.publisher.newest)
    one.agent("verify")


def useless_configuration(stage: Stage) -> None:
    """a configuration of no use: the start fails at once, says why, and is not tried again for ever"""
    one = stage.make("useless")
    one.configure("poll: never\n")
    check(stage.machine.run("systemctl", "start", one.unit).status != 0, "systemctl start went well")
    wait_until("the unit is given up", lambda: one.show("ActiveState") == "failed", 5)
    check("[settings/invalid]" in one.journal, f"journal: {one.journal}")
    stage.machine.do("systemctl", "reset-failed", one.unit)
    (stage.machine.root / "etc/sceau/useless.yaml").unlink()
    check(stage.machine.run("systemctl", "start", one.unit).status != 0, "systemctl start went well without a configuration")
    wait_until("the unit is given up", lambda: one.show("ActiveState") == "failed", 5)
    check("[agent/no-configuration]" in one.journal, f"journal: {one.journal}")


def reload(stage: Stage) -> None:
    """reload takes a changed configuration, and refuses a wrong one and says so"""
    one = stage.running("reload")
    main = one.show("MainPID")
    one.configure("poll: never\n")
    one.look()
    wait_until("it is refused", lambda: "the configuration of before stays in use" in one.journal)
    check("[settings/invalid]" in one.journal, f"journal: {one.journal}")
    one.configure(NO_SERVICES + "mode: notify\n")
    stage.publisher.release()
    one.look()
    wait_until("the new mode counts", lambda: "waits for approval" in one.status)
    equal((one.show("ActiveState"), one.show("MainPID")), ("active", main), "the unit afterwards")


def updates_by_itself(stage: Stage) -> None:
    """a newer release is installed by a patch, and its service restarted through polkit"""
    mail = stage.mail()
    before = mail.show("MainPID", SERVICE)
    check(before != "0", "the service does not run")
    version = stage.publisher.release()
    mail.look()
    mail.await_version(version)
    check(mail.show("MainPID", SERVICE) not in (before, "0"), "the service was not started anew")
    said = stage.machine.do("journalctl", "--unit", SERVICE, "--output=cat", "--no-pager")
    check(f"mail suite {version}" in said, f"the service says {said}")
    check("fetched a patch" in mail.journal, f"journal: {mail.journal}")
    confined = "not confined as it should be" not in mail.journal
    check(confined or not has_landlock(), f"journal: {mail.journal}")
    mail.agent("verify")


def by_hand(stage: Stage) -> None:
    """what root types is done as the service does it, services through polkit too; the daemon goes on from there"""
    mail = stage.mail()
    old, version = mail.current, stage.publisher.release()
    mail.agent("update")
    equal(mail.current, version, "in use after update")
    before = mail.show("MainPID", SERVICE)
    mail.agent("revert")
    equal(mail.current, old, "in use after revert")
    check(mail.show("MainPID", SERVICE) not in (before, "0"), "the service was not started anew")
    equal(mail.owners(), {"sceau"}, "owners in the prefix")
    version = stage.publisher.release()
    mail.look()
    mail.await_version(version)


def reverts(stage: Stage) -> None:
    """a release that is not healthy is taken back, and the service runs the old one"""
    mail = stage.mail()
    old = stage.publisher.newest
    before = mail.show("MainPID", SERVICE)
    version = stage.publisher.release()
    mail.tell(f"fail-health-{version}")
    mail.look()
    wait_until("it is taken back", lambda: "[agent/reverted]" in mail.status)
    equal(mail.current, old, "in use")
    check("told to fail in health" in mail.journal, f"journal: {mail.journal}")
    said = stage.machine.do("journalctl", "--unit", SERVICE, "--output=cat", "--no-pager").splitlines()
    equal([line for line in said if line.startswith("mail suite")][-1], f"mail suite {old}", "the service says")
    check(mail.show("MainPID", SERVICE) not in (before, "0"), "the service was not started anew")
    equal(mail.show("ActiveState"), "active", "the agent's unit")


def unnamed_unit(stage: Stage) -> None:
    """a unit that the rule does not name cannot be restarted, and the message says why"""
    mail = stage.mail()
    old = mail.current
    rules = stage.machine.root / RULES
    named = rules.read_text()
    rules.write_text(named.replace(SERVICE, "another.service"))
    stage.machine.do("systemctl", "restart", "polkit.service")
    try:
        version = stage.publisher.release()
        mail.look()
        wait_until("it is taken back", lambda: f"found {version}" in mail.status)
        said = mail.journal.splitlines()[-1]
        for words in ("Failed to restart mail-suite.service", "authentication required", "50-sceau.rules"):
            check(words in said, f"journal: {said}")
        equal(mail.current, old, "in use")
    finally:
        rules.write_text(named)
        stage.machine.do("systemctl", "restart", "polkit.service")


def timer(stage: Stage) -> None:
    """the timer installs, and stopping what it started waits for a hook too"""
    one = stage.make("timer")
    one.unit = "sceau-agent-update@timer.service"
    one.drop_in(
        "[Timer]\nOnCalendar=\nOnActiveSec=0\nRandomizedDelaySec=0\nAccuracySec=1ms\n", unit="sceau-agent-update@timer.timer")
    stage.machine.do("systemctl", "enable", "--now", "sceau-agent-update@timer.timer")
    wait_until("it is installed", lambda: one.show("ExecMainExitTimestampMonotonic") != "0")
    equal((one.show("Result"), one.current), ("success", stage.publisher.newest), "the first one")
    one.tell("stay-migrate")
    version = stage.publisher.release()
    stage.machine.do("systemctl", "start", "--no-block", one.unit)
    one.await_step("migrate")
    stage.machine.do("systemctl", "stop", "--no-block", one.unit)
    wait_until("it is being stopped", lambda: one.show("ActiveState") == "deactivating")
    one.forget("stay-migrate")
    wait_until("it ends", lambda: one.show("ActiveState") in ("inactive", "failed"))
    equal((one.current, one.show("Result")), (version, "success"), "stopped in the middle")


SCENES: list[Callable[[Stage], None]] = [
    first_installation, by_hand_first, useless_configuration, late_prefix, mail_within_the_walls, reload, updates_by_itself,
    by_hand, reverts, unnamed_unit, stopped_in_a_hook, killed_in_a_hook, main_killed_in_a_hook, watchdog, timer, as_root, walls,
    leaves_nothing, power_off, power_off_while_checking]
# A part of `make test`.
SAMPLE = [first_installation, updates_by_itself, as_root, power_off]
