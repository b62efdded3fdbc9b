#!/usr/bin/env python3
"""Makes a TUF repository with python-tuf's API, for our client to refresh from.

    tuf_make_repository.py OUT [--time 2026-01-02T03:04:05Z] [--expires 2099-01-01T00:00:00Z]

OUT/metadata and OUT/targets are what a server serves; OUT/root.json is the first root, the trust anchor;
OUT/expected.json says what a client has to arrive at. Keys are made anew each time and thrown away:
names, versions, times and the content of targets are the same on every run, signatures are not.

What it exercises: Ed25519, ECDSA P-256 and RSA-PSS keys mixed in one role; a chain of three roots in which keys
rotate; a terminating delegation by path pattern, a delegation by hash prefixes, and one whose role delegates to
succinct hash bins (TAP 15); consistent snapshots.
"""

import argparse
import hashlib
import json
from datetime import datetime, timezone
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp)
from tuf.api.serialization.json import JSONSerializer

CHANNEL = "mail-suite-stable"
BINS = "attachments"
ARCHIVE = "archive"
RELEASE_FACTS = {"version": "2.12.0", "severity": "important"}


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def archive_bins() -> SuccinctRoles:
    return SuccinctRoles([], 1, 3, ARCHIVE)


def target_contents() -> dict[str, dict[str, bytes]]:
    """For each role, its targets: one in the top-level role, two by pattern, two by hash prefix."""
    archived = {f"archive/{number}.txt": f"number {number}\n".encode() for number in range(12)}
    binned: dict[str, dict[str, bytes]] = {role: {} for role in archive_bins().get_roles()}
    for path, content in archived.items():
        binned[archive_bins().get_role_for_target(path)][path] = content
    return binned | {
        ARCHIVE: {},
        "targets": {"hello.txt": b"hello from the top-level role\n"},
        CHANNEL: {
            "mail-suite/stable/2.12.0/release.json": b'{"format": "not ours: only bytes to this repository"}\n',
            "mail-suite/stable/2.12.0/mail-suite-2.12.0.tar.zst": bytes(range(256)) * 400,
        },
        BINS: {
            "attachments/notice one.txt": b"a name with a space\n",
            "attachments/\u00e9tude.txt": b"a name beyond ASCII\n",
        },
    }


class Repository:
    def __init__(self, out: Path, time: str, expires: datetime) -> None:
        self.out = out
        self.time = time
        self.expires = expires
        self.contents = target_contents()
        self.written: dict[str, bytes] = {}

    def write(self, name: str, metadata: Metadata, signers: list[CryptoSigner]) -> None:
        """Signs with all signers and writes `metadata/name`."""
        metadata.signatures.clear()
        for signer in signers:
            metadata.sign(signer, append=True)
        content = metadata.to_bytes(JSONSerializer(compact=False))
        self.written[name] = content
        path = self.out / "metadata" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def write_targets(self) -> dict[str, dict[str, TargetFile]]:
        """Writes every target under its hash-prefixed name; returns their descriptions by role."""
        described: dict[str, dict[str, TargetFile]] = {}
        for role, targets in self.contents.items():
            described[role] = {}
            for target_path, content in targets.items():
                folder, _, name = target_path.rpartition("/")
                path = self.out / "targets" / folder / f"{sha256(content)}.{name}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                described[role][target_path] = TargetFile.from_data(target_path, content, ["sha256"])
        release = described[CHANNEL]["mail-suite/stable/2.12.0/release.json"]
        release.unrecognized_fields["custom"] = {"sceau": RELEASE_FACTS | {"time": self.time}}
        return described

    def write_roots(self, targets: list[CryptoSigner], online: CryptoSigner) -> None:
        """Three roots: 2 of three kinds of keys, then one key is replaced, then the online key and another one."""
        ed25519, ecdsa, rsa = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa(), CryptoSigner.generate_rsa()
        new_ed25519, new_ecdsa = CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa()
        old_online = CryptoSigner.generate_ed25519()
        # (keyholders of this root, its online key, who signs: thresholds of the old and of the new root)
        steps = [
            ([ed25519, ecdsa, rsa], old_online, [ed25519, rsa]),
            ([new_ed25519, ecdsa, rsa], old_online, [ecdsa, rsa]),
            ([new_ed25519, new_ecdsa, rsa], online, [new_ed25519, rsa, new_ecdsa]),
        ]
        for version, (keyholders, online_key, signers) in enumerate(steps, 1):
            root = Root(version=version, expires=self.expires, consistent_snapshot=True)
            for signer in keyholders:
                root.add_key(signer.public_key, "root")
            for signer in targets:
                root.add_key(signer.public_key, "targets")
            for role in ("snapshot", "timestamp"):
                root.add_key(online_key.public_key, role)
            root.roles["root"].threshold = 2
            root.roles["targets"].threshold = len(targets)
            self.write(f"{version}.root.json", Metadata(root), signers)

    def build(self) -> None:
        described = self.write_targets()
        online = CryptoSigner.generate_ed25519()
        keyholders = [CryptoSigner.generate_ed25519(), CryptoSigner.generate_ecdsa()]
        channel_keys = [CryptoSigner.generate_ed25519(), CryptoSigner.generate_rsa()]
        bins_key = CryptoSigner.generate_ecdsa()
        archive_key = CryptoSigner.generate_rsa()
        self.write_roots(keyholders, online)

        # The hash prefixes that its own targets need, and no others.
        prefixes = sorted({sha256(path.encode())[:2] for path in self.contents[BINS]})
        delegations = Delegations(
            keys={key.public_key.keyid: key.public_key for key in channel_keys + [bins_key, archive_key]},
            roles={
                CHANNEL: DelegatedRole(
                    CHANNEL, [key.public_key.keyid for key in channel_keys], 2, True, paths=["mail-suite/stable/*/*"]),
                BINS: DelegatedRole(BINS, [bins_key.public_key.keyid], 1, False, path_hash_prefixes=prefixes),
                ARCHIVE: DelegatedRole(ARCHIVE, [archive_key.public_key.keyid], 1, True, paths=["archive/*"]),
            })
        archive = Delegations({bins_key.public_key.keyid: bins_key.public_key}, succinct_roles=archive_bins())
        assert archive.succinct_roles is not None
        archive.succinct_roles.keyids.append(bins_key.public_key.keyid)
        signed = {
            "targets": (Targets(3, expires=self.expires, targets=described["targets"], delegations=delegations), keyholders),
            CHANNEL: (Targets(5, expires=self.expires, targets=described[CHANNEL]), channel_keys),
            BINS: (Targets(2, expires=self.expires, targets=described[BINS]), [bins_key]),
            ARCHIVE: (Targets(4, expires=self.expires, delegations=archive), [archive_key]),
        } | {
            role: (Targets(6, expires=self.expires, targets=described[role]), [bins_key])
            for role in archive_bins().get_roles()
        }
        for role, (metadata, signers) in signed.items():
            self.write(f"{metadata.version}.{role}.json", Metadata(metadata), signers)

        meta = {
            f"{role}.json": self.described_file(f"{metadata.version}.{role}.json", metadata.version)
            for role, (metadata, _) in signed.items()}
        self.write("7.snapshot.json", Metadata(Snapshot(7, expires=self.expires, meta=meta)), [online])
        snapshot = self.described_file("7.snapshot.json", 7)
        self.write("timestamp.json", Metadata(Timestamp(9, expires=self.expires, snapshot_meta=snapshot)), [online])
        self.finish({role: metadata.version for role, (metadata, _) in signed.items()})

    def described_file(self, name: str, version: int) -> MetaFile:
        return MetaFile.from_data(version, self.written[name], ["sha256"])

    def finish(self, versions: dict[str, int]) -> None:
        (self.out / "root.json").write_bytes(self.written["1.root.json"])
        expected = {
            "time": self.time,
            "versions": {"root": 3, "timestamp": 9, "snapshot": 7} | versions,
            "targets": {
                path: {"role": role, "sha256": sha256(content), "length": len(content)}
                for role, targets in self.contents.items() for path, content in targets.items()},
        }
        text = json.dumps(expected, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        (self.out / "expected.json").write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="a folder that is empty or not there yet")
    parser.add_argument("--time", default="2026-01-02T03:04:05Z", help="when the release says it was made")
    parser.add_argument("--expires", type=utc, default=utc("2099-01-01T00:00:00Z"), help="for all metadata")
    arguments = parser.parse_args()
    utc(arguments.time)
    if arguments.out.exists() and any(arguments.out.iterdir()):
        parser.error(f"{arguments.out} is not empty")
    Repository(arguments.out, arguments.time, arguments.expires).build()


if __name__ == "__main__":
    main()
