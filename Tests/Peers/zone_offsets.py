"""Prints what Python's zoneinfo says of time zones: a line of JSON for each, with the zone's file and its offsets from UTC.

usage: zone_offsets.py FIRST_YEAR LAST_YEAR ZONE...
Offsets are asked around every change that a daily look finds, and once a month.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

DAY = 86_400
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def offset(zone: ZoneInfo, time: int) -> int:
    return int((EPOCH + timedelta(seconds=time)).astimezone(zone).utcoffset().total_seconds())


def change(zone: ZoneInfo, low: int, high: int) -> int:
    """The first second in low+1...high with the offset that holds at high."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset(zone, middle) == offset(zone, high) else (middle, high)
    return high


def instants(zone: ZoneInfo, first: int, last: int):
    before = offset(zone, first)
    for time in range(first, last, DAY):
        after = offset(zone, time)
        if after != before:
            at = change(zone, time - DAY, time)
            yield from (at - 1, at, at + 1)
        if time // DAY % 30 == 0:
            yield time
        before = after


def file_of(name: str) -> bytes:
    return next(path for folder in TZPATH if (path := Path(folder, name)).is_file()).read_bytes()


def main() -> None:
    first, last = (int((datetime(int(year), 1, 1, tzinfo=timezone.utc) - EPOCH).total_seconds()) for year in sys.argv[1:3])
    for name in sys.argv[3:]:
        zone = ZoneInfo(name)
        offsets = [(time, offset(zone, time)) for time in instants(zone, first, last)]
        print(json.dumps({"name": name, "file": file_of(name).hex(), "offsets": offsets}))


if __name__ == "__main__":
    main()
