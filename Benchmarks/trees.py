"""Trees that patches are made of: as a tar that is the same on every machine, as a listing, and as numbers."""

import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


def write_tar(tree: Path, to: Path) -> None:
    subprocess.run(
        ["tar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "--format=gnu", "-cf", to,
         "-C", tree, "."], check=True, env=os.environ | {"LC_ALL": "C"})


def digest(file: Path) -> str:
    """SHA-256, a little at a time: what the harness holds in memory, its children seem to hold too."""
    with file.open("rb") as stream:
        found = hashlib.sha256()
        while block := stream.read(1 << 18):
            found.update(block)
        return found.hexdigest()


def entries(tree: Path) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Everything below `tree`, sorted by path."""
    found = []
    for folder, folders, files in os.walk(tree):
        found += [Path(folder, name) for name in folders + files]
    for path in sorted(found):
        yield str(path.relative_to(tree)), path, path.lstat()


def make_releasable(tree: Path) -> None:
    """As an association would release it: links that are absolute point to the same place in the tree, and what several names
    share each has for itself. Other trees than those of a whole system do not need it."""
    for _, path, status in list(entries(tree)):
        if stat.S_ISLNK(status.st_mode) and os.path.isabs(target := os.readlink(path)):
            path.unlink()
            path.symlink_to(os.path.relpath(tree / target.lstrip("/"), path.parent))
        elif stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
            copy = path.with_name(path.name + ".copy")
            shutil.copy2(path, copy)
            copy.replace(path)


def described(tree: Path) -> dict[str, tuple]:
    """Path to kind with mode, and content: equal for trees that hold the same."""
    def content(path: Path, mode: int) -> str:
        if stat.S_ISLNK(mode):
            return os.readlink(path)
        return digest(path) if stat.S_ISREG(mode) else ""
    return {name: (status.st_mode, content(path, status.st_mode)) for name, path, status in entries(tree)}


def write_listing(tree: Path, to: Path) -> None:
    """What `sha256sum --check` reads."""
    with to.open("w", encoding="utf-8") as listing:
        for name, path, status in entries(tree):
            if stat.S_ISREG(status.st_mode):
                listing.write(f"{digest(path)}  {name}\n")


def size(tree: Path) -> int:
    """Bytes in files."""
    return sum(status.st_size for _, _, status in entries(tree) if stat.S_ISREG(status.st_mode))


def is_executable_file(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


@dataclass(frozen=True)
class Changed:
    """What a patch has to carry something for: files whose content is nowhere in the old tree."""

    files: int
    largest: int
    """Bytes of the largest, in its old or new form."""
    largest_executable: int


def changed(old: Path, new: Path) -> Changed:
    known = {digest(path) for _, path, status in entries(old) if stat.S_ISREG(status.st_mode)}
    found = [
        (name, path) for name, path, status in entries(new)
        if stat.S_ISREG(status.st_mode) and digest(path) not in known]

    def larger(name: str, path: Path) -> int:
        before = old / name
        return max(path.stat().st_size, before.stat().st_size if before.is_file() else 0)
    sizes = [larger(name, path) for name, path in found]
    executables = [larger(name, path) for name, path in found if is_executable_file(path)]
    return Changed(len(found), max(sizes, default=0), max(executables, default=0))
