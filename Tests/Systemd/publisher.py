"""An association of one keyholder, without a log, that publishes one release after the other and serves them on loopback.

What a release's programs do when they run on an instance, files in the instance's shared folder tell them.
"""

import subprocess
import sys
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "Faults"))

from association import Listener, SetupError, call, remove  # noqa: E402

__all__ = ["SERVICE", "Publisher", "SetupError", "call", "remove"]

PRODUCT, SERVICE = "mail-suite", "mail-suite.service"
INSTALL = """\
services: [mail-suite.service]
shared: [data]
pre: {run: [hooks/step, pre], seconds: 60}
migrate: {run: [hooks/step, migrate], seconds: 60, undo: {run: [hooks/step, undo], seconds: 60}}
post: {run: [hooks/step, post], seconds: 60}
health: {run: [hooks/step, health], seconds: 10, every: 1, within: 2}
"""
STEP = """\
#!/bin/sh
# Notes as whom it runs; does, waits and fails as it is told to.
cd "$SCEAU_SHARED/data" || exit 1
id -un >"ran-$1" || exit 1
[ ! -e "do-$1" ] || . "./do-$1" || exit 1
while [ -e "stay-$1" ]; do sleep 0.05; done
rm "ran-$1" && echo "$1 $(id -un) $SCEAU_KIND $(basename "$SCEAU_TREE")" >>ran || exit 1
[ ! -e "fail-$1-$(basename "$SCEAU_TREE")" ] || { echo "told to fail in $1" >&2; exit 1; }
"""
SUITE = """\
#!/bin/sh
echo "mail suite VERSION"
exec sleep infinity
"""


class Publisher:
    def __init__(self, tools: Path, folder: Path) -> None:
        self.tools, self.folder = tools, folder
        self.workspace, self.keys = folder / "workspace", folder / "keys"
        self.versions: list[str] = []
        self.server: Listener | None = None
        self.keys.mkdir(parents=True)
        for name in ("alice", "online"):
            self._sceau("key", "generate", name, "--out", self.keys / f"{name}.key", "--unencrypted")
        self._sceau(
            "init", "--workspace", self.workspace, "--product", PRODUCT, "--channel", "stable", "--keyholder",
            self.keys / "alice.pub", "--threshold", "1", "--online-key", self.keys / "online.key")

    def _sceau(self, *arguments: str | Path) -> str:
        return call(self.tools / "sceau", *arguments)

    @property
    def root(self) -> Path:
        return self.workspace / "Keys/root.json"

    @property
    def newest(self) -> str:
        return self.versions[-1]

    def release(self) -> str:
        """The next version, once it is served."""
        version = f"1.{len(self.versions)}"
        tree = self.folder / "tree"
        remove(tree)
        for name, text in {
            "README": f"mail suite {version}\n" + "the same in all\n" * 400, "hooks/step": STEP,
            "bin/mail-suite": SUITE.replace("VERSION", version),
        }.items():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text)
            (tree / name).chmod(0o644 if name == "README" else 0o755)
        install = self.folder / "install.yaml"
        install.write_text(INSTALL)
        self._sceau(
            "release", "add", tree, "--workspace", self.workspace, "--channel", "stable", "--version", version,
            "--severity", "none", "--summary", "a release", "--install", install, "--from", "1")
        self._sceau("sign", "--workspace", self.workspace, "--key", self.keys / "alice.key", "--yes")
        self._sceau("publish", "--workspace", self.workspace)
        self.versions.append(version)
        self._serve()
        return version

    def _serve(self) -> None:
        releases = self.workspace / "Releases"
        if self.server is None:
            # It ends with this program, even when that is killed.
            self.server = Listener(
                self.folder / "server.txt", "setpriv", "--pdeathsig", "KILL", self.tools / "sceau-serve", releases, "--listen",
                "127.0.0.1:0")
        published = (releases / "metadata/timestamp.json").read_bytes()
        for _ in range(200):
            served = subprocess.run(
                ["curl", "--silent", "--fail", f"{self.server.url}metadata/timestamp.json"], capture_output=True)
            if served.stdout == published:
                return
            time.sleep(0.05)
        raise SetupError("what was published is not served")

    @property
    def url(self) -> str:
        if self.server is None:
            raise SetupError("nothing is published")
        return self.server.url

    def close(self) -> None:
        if self.server is not None:
            self.server.close()
