"""However the agent ends in the middle of an update, and the machine with it."""

import signal
import time

from machine import wait_until
from publisher import SERVICE
from stage import Stage, check, equal


def stopped_in_a_hook(stage: Stage) -> None:
    """systemctl stop in the middle of a hook waits, goes through with the update, and ends with 0"""
    one = stage.running("stopped")
    one.tell("stay-migrate")
    version = stage.publisher.release()
    one.look()
    one.await_step("migrate")
    stage.machine.do("systemctl", "stop", "--no-block", one.unit)
    wait_until("it is being stopped", lambda: one.show("ActiveState") == "deactivating")
    one.forget("stay-migrate")
    wait_until("it ends", lambda: one.show("ActiveState") in ("inactive", "failed"))
    equal((one.show("Result"), one.show("ExecMainStatus")), ("success", "0"), "how it ended")
    equal(one.current, version, "in use")
    ended = [step.split()[0] for step in one.steps if step.endswith(version)]
    equal(ended, ["pre", "migrate", "post", "health", "health"], "the programs")


def killed_in_a_hook(stage: Stage) -> None:
    """killed in the middle of a hook it is started again, and finishes"""
    one = stage.running("killed")
    one.tell("stay-migrate")
    version = stage.publisher.release()
    one.look()
    one.await_step("migrate")
    one.kill(signal.SIGKILL, "all")
    one.forget("stay-migrate")
    one.await_version(version)
    check(int(one.show("NRestarts")) >= 1, "it was not started again")
    one.agent("verify")


def main_killed_in_a_hook(stage: Stage) -> None:
    """killed alone it leaves no hook behind, and finishes after its restart"""
    one = stage.running("main")
    one.tell("stay-migrate")
    version = stage.publisher.release()
    one.look()
    one.await_step("migrate")
    one.kill(signal.SIGKILL)
    wait_until("it is started again", lambda: one.show("NRestarts") != "0" and one.show("ActiveState") == "active")
    one.forget("stay-migrate")
    one.await_version(version)
    equal(one.steps.count(f"migrate sceau update {version}"), 1, "migrations that came to their end")


def watchdog(stage: Stage) -> None:
    """one that hangs is ended and started again, and one that waits for a long hook is not"""
    one = stage.running("watchdog")
    one.drop_in("[Service]\nWatchdogSec=2s\n", "watchdog")
    stage.machine.do("systemctl", "restart", one.unit)
    one.tell("stay-pre")
    version = stage.publisher.release()
    one.look()
    one.await_step("pre")
    time.sleep(3)
    one.forget("stay-pre")
    one.await_version(version)
    equal(one.show("NRestarts"), "0", "restarts after a long hook")
    one.kill(signal.SIGSTOP)
    wait_until("it is started again", lambda: one.show("NRestarts") != "0" and one.show("ActiveState") == "active")
    check("Watchdog timeout" in one.journal, f"journal: {one.journal}")
    equal(one.show("TimeoutAbortUSec"), "1min", "how long one that hangs may take to abort")


def power_off(stage: Stage) -> None:
    """the machine is switched off in the middle of a hook: no release is blamed for it, and the next start finishes"""
    mail = stage.mail()
    stage.machine.do("systemctl", "enable", mail.unit, SERVICE)
    mail.tell("stay-migrate")
    version = stage.publisher.release()
    mail.look()
    mail.await_step("migrate")
    stage.machine.power_off()
    wait_until("it is being stopped", lambda: mail.show("ActiveState") == "deactivating")
    mail.forget("stay-migrate")
    stage.machine.wait_until_off()
    stage.machine.boot()
    mail.await_version(version)
    check(mail.show("MainPID", SERVICE) != "0", "the service does not run")


def power_off_while_checking(stage: Stage) -> None:
    """the machine is switched off while a new release is asked how it does, and its service is not enabled: started again"""
    mail = stage.mail()
    stage.machine.do("systemctl", "disable", mail.unit, SERVICE)
    mail.tell("stay-health")
    version = stage.publisher.release()
    mail.look()
    mail.await_step("health")
    stage.machine.power_off()
    wait_until("it is being stopped", lambda: mail.show("ActiveState") == "deactivating")
    wait_until("the service is stopped", lambda: mail.show("ActiveState", SERVICE) != "active")
    (mail.data / "stay-health").unlink()
    stage.machine.wait_until_off()
    stage.machine.boot()
    mail.start()
    mail.await_version(version)
    check(mail.show("MainPID", SERVICE) != "0", "the service does not run")
