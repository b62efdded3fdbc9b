#!/usr/bin/env python3
"""Makes a TUF repository of a chosen size with python-tuf's API, for both clients of `make bench` to read.

    make_repository.py OUT --targets N --probe PATH [--bins none|succinct|prefixes]

OUT/metadata and OUT/targets are what the server serves, OUT/root.json is the trust anchor. The keys are made on the
spot and forgotten. All N targets are listed; only the one at PATH, which is downloaded, exists as a file.

`succinct` spreads the targets over 256 bins as TAP 15 has it, `prefixes` over as many roles by path_hash_prefixes.
"""

import argparse
import hashlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer

PROBE_CONTENT = bytes(range(256)) * 256
BIN_BITS = 8
EXPIRES = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=2)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def described(number: int, probe: str) -> TargetFile:
    """The first target is the probe; the others have names as long."""
    if number == 0:
        return TargetFile(len(PROBE_CONTENT), {"sha256": sha256(PROBE_CONTENT)}, probe)
    path = f"{probe[:-5]}{number:05}"
    return TargetFile(1000 + number, {"sha256": sha256(path.encode())}, path)


class Repository:
    def __init__(self, out: Path) -> None:
        self.out = out
        self.signer = CryptoSigner.generate_ed25519()
        self.meta: dict[str, MetaFile] = {}
        (out / "metadata").mkdir(parents=True)

    def write(self, name: str, payload: Root | Targets | Snapshot | Timestamp) -> bytes:
        metadata = Metadata(payload)
        metadata.sign(self.signer)
        content = metadata.to_bytes(JSONSerializer(compact=True))
        (self.out / "metadata" / name).write_bytes(content)
        return content

    def write_targets(self, role: str, payload: Targets) -> None:
        self.meta[f"{role}.json"] = MetaFile.from_data(1, self.write(f"1.{role}.json", payload), ["sha256"])

    def write_bins(self, targets: list[TargetFile], succinct: bool) -> Delegations:
        """One role for each bin; returns how the top-level role delegates to them."""
        keyids = [self.signer.public_key.keyid]
        layout = SuccinctRoles(keyids, 1, BIN_BITS, "bin")
        bins: dict[str, dict[str, TargetFile]] = {name: {} for name in layout.get_roles()}
        for target in targets:
            bins[layout.get_role_for_target(target.path)][target.path] = target
        for name, content in bins.items():
            self.write_targets(name, Targets(expires=EXPIRES, targets=content))
        keys = {keyid: self.signer.public_key for keyid in keyids}
        if succinct:
            return Delegations(keys, succinct_roles=layout)
        roles = {
            name: DelegatedRole(name, keyids, 1, False, path_hash_prefixes=[name.removeprefix("bin-")])
            for name in bins}
        return Delegations(keys, roles)

    def build(self, count: int, bins: str, probe: str) -> None:
        root = Root(version=1, expires=EXPIRES, consistent_snapshot=True)
        for role in ("root", "targets", "snapshot", "timestamp"):
            root.add_key(self.signer.public_key, role)
        (self.out / "root.json").write_bytes(self.write("1.root.json", root))

        targets = [described(number, probe) for number in range(count)]
        if bins == "none":
            top = Targets(expires=EXPIRES, targets={target.path: target for target in targets})
        else:
            top = Targets(expires=EXPIRES, delegations=self.write_bins(targets, succinct=bins == "succinct"))
        self.write_targets("targets", top)

        snapshot = self.write("1.snapshot.json", Snapshot(expires=EXPIRES, meta=self.meta))
        self.write("timestamp.json", Timestamp(expires=EXPIRES, snapshot_meta=MetaFile.from_data(1, snapshot, ["sha256"])))

        folder, _, name = probe.rpartition("/")
        (self.out / "targets" / folder).mkdir(parents=True)
        (self.out / "targets" / folder / f"{sha256(PROBE_CONTENT)}.{name}").write_bytes(PROBE_CONTENT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder that is not there yet")
    parser.add_argument("--targets", type=int, required=True)
    parser.add_argument("--probe", required=True, help="a target path of more than five characters, not all digits")
    parser.add_argument("--bins", choices=["none", "succinct", "prefixes"], default="none")
    arguments = parser.parse_args()
    Repository(arguments.out).build(arguments.targets, arguments.bins, arguments.probe)


if __name__ == "__main__":
    main()
