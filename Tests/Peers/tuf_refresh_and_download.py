#!/usr/bin/env python3
"""Refreshes from a served TUF repository with python-tuf's client and downloads targets from it.

    tuf_refresh_and_download.py --metadata-url U --targets-url T --root root.json --work DIR --target PATH...

Prints one JSON object: the versions it trusts now, and for each target where it was put, its length and SHA-256.
Exit status 0 when all was verified and had; 1, with {"error": name of the exception, "message": ...}, when not.
DIR is kept from run to run as the client's trusted state, so that a second run is an update.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater


def versions(metadata: Path) -> dict[str, int]:
    """Role names to the versions that are trusted, from what the client stored."""
    return {
        path.name.removesuffix(".json"): json.loads(path.read_bytes())["signed"]["version"]
        for path in sorted(metadata.glob("*.json"))}


def run(arguments: argparse.Namespace) -> dict:
    metadata, targets = arguments.work / "metadata", arguments.work / "targets"
    for folder in (metadata, targets):
        folder.mkdir(parents=True, exist_ok=True)
    updater = Updater(
        str(metadata), arguments.metadata_url, str(targets), arguments.targets_url,
        bootstrap=arguments.root.read_bytes())
    updater.refresh()
    downloaded = {}
    for target_path in arguments.target:
        described = updater.get_targetinfo(target_path)
        if described is None:
            raise RepositoryError(f"no role lists the target {target_path}")
        content = Path(updater.download_target(described))
        downloaded[target_path] = {
            "path": str(content),
            "length": described.length,
            "sha256": hashlib.sha256(content.read_bytes()).hexdigest(),
            "custom": described.custom,
        }
    return {"versions": versions(metadata), "targets": downloaded}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metadata-url", required=True)
    parser.add_argument("--targets-url", required=True)
    parser.add_argument("--root", type=Path, required=True, help="the trust anchor")
    parser.add_argument("--work", type=Path, required=True, help="the client's own folder")
    parser.add_argument("--target", action="append", default=[], help="a target path; may be repeated")
    try:
        said, status = run(parser.parse_args()), 0
    except (RepositoryError, DownloadError, OSError) as error:
        said, status = {"error": type(error).__name__, "message": str(error)}, 1
    print(json.dumps(said, indent=2, sort_keys=True))
    return status


if __name__ == "__main__":
    sys.exit(main())
