#!/usr/bin/env python3
"""Runs aics-witness, a witness of another make, on a free port of loopback for one test.

    tlog_witness.py FOLDER NAME

FOLDER is empty and takes the witness's database. Prints `URL VKEY`, then reads lines, and answers each with `ok`:

    log VKEY        cosign this log too
    time SECONDS    the clock now shows this time, and stands still

Ends when standard input does.
"""

import hashlib
import logging
import sys
import threading
import time
from pathlib import Path

from aics_witness.config import LogConfig
from aics_witness.service import Witness, make_server
from aics_witness.store import WitnessStore
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class Clock:
    def __init__(self) -> None:
        self.fixed: float | None = None

    def __call__(self) -> float:
        return time.time() if self.fixed is None else self.fixed


def main() -> None:
    folder, name = Path(sys.argv[1]), sys.argv[2]
    logging.disable()
    clock = Clock()
    # A test key, the same in every run: worth nothing outside tests.
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"aics test witness {name}".encode()).digest())
    with WitnessStore(folder / "witness.db", create=True) as store:
        witness = Witness(name, key, store, clock=clock)
        server = make_server(witness)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        print(server.url, witness.vkey_text, flush=True)
        for line in sys.stdin:
            word, _, value = line.strip().partition(" ")
            if word == "log":
                logs = [*witness.logs.values(), LogConfig.from_strings(value.partition("+")[0], [value])]
                witness.set_logs(logs)
            elif word == "time":
                clock.fixed = float(value)
            else:
                sys.exit(f"tlog_witness: what is {word!r}?")
            print("ok", flush=True)
        server.shutdown()


if __name__ == "__main__":
    main()
