"""HDiffPatch on two files, with the Python of .venv: `hdiff.py create OLD NEW PATCH` or `hdiff.py apply OLD PATCH NEW`.

Prints the seconds of the work alone, without the start of Python and the reading and writing of files.
"""

import sys
import time
from pathlib import Path

import hdiffpatch


def main() -> None:
    command, first, second, result = sys.argv[1], *map(Path, sys.argv[2:5])
    old, other = first.read_bytes(), second.read_bytes()
    began = time.perf_counter()
    if command == "create":
        # Level 9; a larger window than the 8 MB of these settings made no difference on any input.
        made = hdiffpatch.diff(old, other, hdiffpatch.COMPRESSION_LZMA2, validate=False)
    else:
        made = hdiffpatch.apply(old, other)
    seconds = time.perf_counter() - began
    result.write_bytes(made)
    print(seconds)


if __name__ == "__main__":
    main()
