#!/usr/bin/env python3
"""python-tuf's client behind the command line of our `tuf-client`, for `make bench`.

    tuf_client.py --metadata-dir D init ROOT
    tuf_client.py --metadata-dir D --metadata-url U refresh
    tuf_client.py --metadata-dir D --metadata-url U --target-name T --target-base-url B --target-dir DIR download

Prints the seconds that the work took once Python and python-tuf were loaded.
"""

import argparse
import shutil
import time
from pathlib import Path

from tuf.ngclient import Updater


def work(arguments: argparse.Namespace) -> None:
    if arguments.command == "init":
        arguments.metadata_dir.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(arguments.root, arguments.metadata_dir / "root.json")
        return
    updater = Updater(str(arguments.metadata_dir), arguments.metadata_url, bootstrap=None)
    updater.refresh()
    if arguments.command == "download":
        target = updater.get_targetinfo(arguments.target_name)
        if target is None:
            raise SystemExit("there is no such target")
        updater.download_target(target, str(arguments.target_dir / "target"), arguments.target_base_url)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--metadata-url")
    parser.add_argument("--target-name")
    parser.add_argument("--target-base-url")
    parser.add_argument("--target-dir", type=Path)
    parser.add_argument("command", choices=["init", "refresh", "download"])
    parser.add_argument("root", nargs="?", type=Path)
    arguments = parser.parse_args()
    began = time.perf_counter()
    work(arguments)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
