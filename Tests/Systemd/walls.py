"""What the units let the agent and hooks do, as sceau and as root."""

import signal

from machine import wait_until
from stage import NO_SERVICES, Stage, check, equal, has_landlock

PROBE_UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n"


def as_root(stage: Stage) -> None:
    """as root with root.conf: built by sceau-worker, hooks as another user, all of it root's; units without polkit"""
    stage.machine.do("systemd-sysusers", "--inline", "u mailer - - /var/lib/mailer")
    (stage.machine.root / "etc/systemd/system/probe.service").write_text(PROBE_UNIT)
    stage.machine.do("systemctl", "mask", "--runtime", "--now", "polkit.service")
    try:
        play_as_root(stage)
    finally:
        stage.machine.do("systemctl", "unmask", "--runtime", "polkit.service")


def play_as_root(stage: Stage) -> None:
    lock = "lock: {take: [/usr/bin/systemctl, restart, probe.service], give_back: [/usr/bin/systemctl, stop, probe.service]}\n"
    one = stage.make("root", "worker: {user: sceau-worker}\nhooks: {user: mailer}\n" + lock + NO_SERVICES, "root")
    one.make_data("mailer")
    one.tell("do-post", "setsid sleep 1111 & ssh-agent -s >/dev/null; true")
    one.drop_in((stage.machine.root / "usr/local/share/doc/sceau/root.conf").read_text(), "root")
    one.start()
    one.await_version(stage.publisher.newest)
    version = stage.publisher.release()
    one.look()
    one.await_version(version)
    wait_until("it says that it took a patch", lambda: "fetched a patch" in one.journal)
    equal(one.owners(), {"root"}, "owners in the prefix")
    equal({step.split()[1] for step in one.steps}, {"mailer"}, "who ran the programs")
    equal(stage.machine.do("stat", "-c", "%U:%G %a", "/var/lib/sceau/root").strip(), "root:root 700", "the state folder")
    check("not confined" not in one.journal or not has_landlock(), f"journal: {one.journal}")
    one.tell("stay-migrate")
    version = stage.publisher.release()
    one.look()
    one.await_step("migrate")
    one.kill(signal.SIGKILL)
    wait_until("it is started again", lambda: one.show("NRestarts") != "0" and one.show("ActiveState") == "active")
    one.forget("stay-migrate")
    one.await_version(version)
    wait_until("only the agent runs", lambda: stage.machine.processes(one.cgroup) == [one.show("MainPID")])
    equal(one.show("ActiveState", "probe.service"), "inactive", "the unit that the lock starts")


def walls(stage: Stage) -> None:
    """a hook does its everyday work within the walls, and reaches nothing beyond them"""
    one = stage.make("walls")
    one.tell("do-pre", """
set -e
work=$(mktemp -d)
echo one >"$work/a"; cp -a "$work/a" b; sed -i s/one/two/ b; install -m 0640 b c; tar -cf d.tar b c; tar -xf d.tar; chmod 0600 b
ln -sf b e; flock c true; nice -n 5 true; timeout 5 true; echo x | sort | tee f >/dev/null; dd if=/dev/urandom of=g bs=1k count=1 2>/dev/null
getent passwd root >/dev/null; rm -r "$work"; find . -name b >/dev/null; systemctl is-active dbus.service >/dev/null
touch /etc/x 2>/dev/null && { echo "/etc can be written"; exit 1; }
touch /srv/first/x 2>/dev/null && { echo "another product's prefix can be written"; exit 1; }
ls /root 2>/dev/null | grep -q . && { echo "/root can be seen"; exit 1; }
systemctl restart dbus.service 2>/dev/null && { echo "any unit can be restarted"; exit 1; }
true
""")
    one.start()
    wait_until("it is tried", lambda: one.status.split(";")[0] == stage.publisher.newest or "last error" in one.status)
    equal(one.current, stage.publisher.newest, f"in use; journal: {one.journal}")


def leaves_nothing(stage: Stage) -> None:
    """what a hook leaves running is ended, also what hides from others of its own user"""
    one = stage.running("left")
    one.tell("do-post", "setsid sleep 1111 & ssh-agent -s >/dev/null; true")
    version = stage.publisher.release()
    one.look()
    one.await_version(version)
    wait_until("only the agent runs", lambda: stage.machine.processes(one.cgroup) == [one.show("MainPID")])


def late_prefix(stage: Stage) -> None:
    """a prefix that was made after the start is read-only until the next one; the message says that much"""
    one = stage.make("late")
    stage.machine.do("mv", "/srv/late", "/srv/late.away")
    one.start()
    wait_until("it fails", lambda: "last error" in one.status)
    stage.machine.do("mv", "/srv/late.away", "/srv/late")
    one.look()
    wait_until("it fails again", lambda: one.journal.count("error:") > 1)
    said = [line for line in one.journal.splitlines() if "error:" in line][-1]
    check("read-only file system" in said and "(/srv/late/versions)" in said, f"journal: {said}")
    stage.machine.do("systemctl", "restart", one.unit)
    one.await_version(stage.publisher.newest)


def mail_within_the_walls(stage: Stage) -> None:
    """a mail program that needs rights of its own cannot work within the walls; status says so"""
    stage.machine.do("install", "-g", "mail", "-m", "2755", "/usr/bin/tee", "/usr/local/bin/drop")
    stage.machine.do("install", "-d", "-g", "mail", "-m", "0730", "/var/spool/drop")
    sendmail = stage.machine.root / "usr/local/bin/drop-mail"
    sendmail.write_text("#!/bin/sh\nexec /usr/local/bin/drop /var/spool/drop/mail >/dev/null\n")
    sendmail.chmod(0o755)
    one = stage.make("mail-out", NO_SERVICES + "notify: {mail: [admin@example.org], sendmail: [/usr/local/bin/drop-mail]}\n")
    one.drop_in("[Service]\nReadWritePaths=/var/spool/drop\n", "drop")
    one.start()
    one.await_version(stage.publisher.newest)
    said = one.agent("status")
    check("could not be delivered" in said, f"status: {said}")
    equal(list((stage.machine.root / "var/spool/drop").iterdir()), [], "mails")
