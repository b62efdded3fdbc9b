#!/usr/bin/env python3
"""Checks a published log with aics-tlog, an implementation of the C2SP formats that shares nothing with ours.

    tlog_verify.py LOG --log VKEY [--witness VKEY …] [--quorum K]

LOG is a folder with checkpoint, tile/ and proofs/. Verifies the checkpoint with at least K cosignatures, every tile and
bundle, and every proof in proofs/ with its own checkpoint; makes the consistency proof from the tree of each of those
checkpoints to the newest one, and checks it. Prints what it found as one JSON object; exit status 1 is an objection.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from aics_tlog import (
    FileSystemTileReader, VKey, audit_tiles, consistency_proof_from_tiles, parse_note, parse_vkey,
    read_entry, verify_checkpoint, verify_consistency, verify_leaf_inclusion)
from aics_tlog.checkpoint import CheckpointVerifyResult
from aics_tlog.note import b64_decode


class Objection(Exception):
    pass


class Log:
    def __init__(self, folder: Path, key: VKey, witnesses: list[VKey], quorum: int) -> None:
        self.folder, self.key, self.witnesses, self.quorum = folder, key, witnesses, quorum
        self.reader = FileSystemTileReader(folder)

    def verify_note(self, note: bytes) -> CheckpointVerifyResult:
        result = verify_checkpoint(
            parse_note(note), self.key, self.witnesses, self.quorum, expected_origin=self.key.name)
        if not result.ok:
            raise Objection(result.error)
        return result

    def verify(self) -> dict[str, object]:
        head = self.verify_note((self.folder / "checkpoint").read_bytes())
        audit = audit_tiles(self.reader, head.size, head.root)
        proofs = sorted((self.folder / "proofs").glob("*"))
        sizes = {self.verify_proof(proof, head) for proof in proofs}
        return {
            "size": head.size, "root": head.root.hex(), "cosigned": head.timestamps, "tiles": audit.tiles,
            "bundles": audit.bundles, "proofs": len(proofs), "sizes": sorted(sizes)}

    def verify_proof(self, path: Path, head: CheckpointVerifyResult) -> int:
        """The size of the tree that the proof is of."""
        lines, _, note = path.read_bytes().partition(b"\n\n")
        form, index, *hashes = lines.decode().split("\n")
        if form != "c2sp.org/tlog-proof@v1" or not index.startswith("index "):
            raise Objection(f"{path.name} is not a tlog-proof")
        checkpoint = self.verify_note(note)
        number = int(index.removeprefix("index "))
        entry = read_entry(self.reader, number, head.size)
        hashes = [b64_decode(text) for text in hashes]
        if not verify_leaf_inclusion(entry, number, checkpoint.size, hashes, checkpoint.root):
            raise Objection(f"{path.name} proves nothing")
        if path.name != hashlib.sha256(entry.partition(b"\n")[2]).hexdigest() + ".tlog-proof":
            raise Objection(f"{path.name} is of another file")
        consistency = consistency_proof_from_tiles(self.reader, checkpoint.size, head.size)
        if not verify_consistency(checkpoint.size, head.size, checkpoint.root, head.root, consistency):
            raise Objection(f"the checkpoint in {path.name} is of another log")
        return checkpoint.size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--log", type=parse_vkey, required=True)
    parser.add_argument("--witness", type=parse_vkey, action="append", default=[])
    parser.add_argument("--quorum", type=int, default=0)
    arguments = parser.parse_args()
    log = Log(arguments.folder, arguments.log, arguments.witness, arguments.quorum)
    try:
        print(json.dumps(log.verify()))
    except (Objection, ValueError, OSError) as error:
        sys.exit(f"aics-tlog: {error}")


if __name__ == "__main__":
    main()
