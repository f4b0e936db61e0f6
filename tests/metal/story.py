#!/usr/bin/python3
"""Tells the story of tests/metal, and once more, whole, if QEMU has lost the guest the first time (watch.py): only then. A failure of
the story's own is one, and is not tried again.

    usage: story.py LOGS XML [PYTEST ARGUMENT…]

LOGS is the folder for what everybody said; of a first time that does not count it is kept as LOGS-lost. XML is the file of results for
tally.py: there is none if the guest was lost, since pytest counts the test that was broken off as passed. The exit status is pytest's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from watch import LOST, said


def tell(logs, xml, *words):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junit-xml={xml}", *words]
    status = subprocess.run(command, env={**os.environ, "BASCULE_LOGS": str(logs)}, check=False).returncode
    if status == LOST:
        xml.unlink()
    return status


def main(logs, xml, *words):
    kept = logs.with_name(f"{logs.name}-lost")
    for folder in (logs, kept):
        shutil.rmtree(folder, ignore_errors=True)
    status = tell(logs, xml, *words)
    if status != LOST:
        return status
    logs.rename(kept)
    print(f"again: QEMU had lost the guest, whose kernel said: {said(kept / 'guest-console.log')}", flush=True)
    print(f"again: the whole story once more; what everybody said the first time is in {kept}", flush=True)
    return tell(logs, xml, *words)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:3]), *sys.argv[3:]))
