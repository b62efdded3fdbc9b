#!/usr/bin/env python3
"""Reads published folders with python-tuf's client, one request a line, until standard input ends.

A request is a JSON object: `releases` (a folder with metadata/ and targets/), `root` (the trust anchor's file) and `time`
(RFC 3339, in the place of the clock). Two clients read it: a new one that holds the anchor only, and one that has read this folder
at each request before. Each refreshes, then looks up and downloads every target that any role of the snapshot lists.

An answer is a JSON object on one line: {"versions": {role: version}, "targets": [paths]} or {"error": text}.
"""

import datetime
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote

import tuf.ngclient._internal.trusted_metadata_set as trusted_metadata_set
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata
from tuf.ngclient import Updater
from tuf.ngclient.fetcher import FetcherInterface

SCHEME = "folder:"


class FolderFetcher(FetcherInterface):
    """Takes files from the folder that an address names."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(url.removeprefix(SCHEME)))
        if not path.is_file():
            raise DownloadHTTPError(f"no file {path}", 404)
        yield path.read_bytes()


class InjectedClock(datetime.datetime):
    """Stands in for `datetime.datetime`, in the one module that asks what time it is."""

    moment = datetime.datetime.now(datetime.timezone.utc)

    @classmethod
    def now(cls, tz=None):
        return cls.moment


trusted_metadata_set.datetime = SimpleNamespace(datetime=InjectedClock, timezone=datetime.timezone)


def listed_targets(metadata: Path, versions: dict[str, int]) -> list[str]:
    """The target paths of every targets role in the snapshot."""
    paths = set()
    for role, version in versions.items():
        content = (metadata / f"{version}.{quote(role, safe='')}.json").read_bytes()
        paths.update(Metadata.from_bytes(content).signed.targets)
    return sorted(paths)


def read(releases: Path, root: bytes, state: Path) -> dict:
    """One client's run; raises what python-tuf raises."""
    for name in ("metadata", "targets"):
        (state / name).mkdir(parents=True, exist_ok=True)
    updater = Updater(
        str(state / "metadata"), f"{SCHEME}{releases}/metadata", str(state / "targets"), f"{SCHEME}{releases}/targets",
        fetcher=FolderFetcher(), bootstrap=root)
    updater.refresh()
    trusted = updater._trusted_set
    roles = {name.removesuffix(".json"): file.version for name, file in trusted.snapshot.meta.items()}
    paths = listed_targets(releases / "metadata", roles)
    for path in paths:
        described = updater.get_targetinfo(path)
        if described is None:
            raise LookupError(f"no role that the search reaches lists {path}")
        updater.download_target(described)
    versions = roles | {role: getattr(trusted, role).version for role in ("root", "timestamp", "snapshot")}
    return {"versions": versions, "targets": paths}


def answer(request: dict, states: Path) -> dict:
    InjectedClock.moment = datetime.datetime.fromisoformat(request["time"].replace("Z", "+00:00"))
    releases, root = Path(request["releases"]), Path(request["root"]).read_bytes()
    kept = states / quote(request["releases"], safe="")
    with tempfile.TemporaryDirectory(dir=states) as fresh:
        said = read(releases, root, Path(fresh))
    again = read(releases, root, kept)
    if said != again:
        raise AssertionError(f"a new client arrives at {said}, one that has been here before at {again}")
    return said


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as states:
        for line in sys.stdin:
            try:
                said = answer(json.loads(line), Path(states))
            except Exception as error:  # whatever it is, the test is to hear of it
                said = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(said, sort_keys=True), flush=True)


if __name__ == "__main__":
    main()
