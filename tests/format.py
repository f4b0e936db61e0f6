#!/usr/bin/python3
"""Every C and C++ file of the tree is as clang-format with the tree's .clang-format writes it, and no line of it is wider
than 100 columns; clang-format itself lets comments and strings be as wide as they are.

    tests/format.py [SOURCE]        # SOURCE: a checkout, this one by default

Prints each fault as file:line and exits with 1 if there is one. `clang-format -i FILE` mends all but the width."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

COLUMNS = 100
FOLDERS = ("config", "control", "dataplane", "tests", "tools")


def sources(root):
    return sorted(path.relative_to(root) for folder in FOLDERS for path in (root / folder).rglob("*")
                  if path.suffix in (".c", ".h", ".cc"))


def wide(root, path):
    for number, line in enumerate((root / path).read_text().splitlines(), 1):
        width = len(line.expandtabs(8))
        if width > COLUMNS:
            yield f"{path}:{number}: {width} columns, {COLUMNS} at most"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("source", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().source
    if not shutil.which("clang-format"):
        sys.exit("format: no clang-format here: apt-get install clang-format, or tools/setup --test")
    paths = sources(root)
    if not paths:
        sys.exit(f"format: no C files below {root}")
    faults = [fault for path in paths for fault in wide(root, path)]
    judged = subprocess.run(["clang-format", "--dry-run", "-Werror", *paths], cwd=root, capture_output=True, text=True)
    faults += [line for line in judged.stderr.splitlines() if "error:" in line]
    if judged.returncode and not judged.stderr:
        faults.append(f"format: clang-format ended with {judged.returncode}")
    print("\n".join(faults) or f"format: {len(paths)} files, all as .clang-format says")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
