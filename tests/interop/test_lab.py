"""The laboratory leaves nothing behind, however its runner ends, and does not disturb another laboratory."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lab import NETNS, ROOT, Lab, wait_for

# A runner with two hosts and a process, that tells its id and waits.
RUNNER = """
import sys
from lab import Lab
with Lab() as lab:
    lan = lab.lan("office")
    for name in "ab":
        lab.namespace(name).join(lan, "eth0", f"192.0.2.{ord(name)}/24")
    lab.namespaces["a"].start("server", "sleep", "1000")
    print(lab.id, lab.processes[0].pid, flush=True)
    sys.stdin.read()
"""


class Runner:
    def __init__(self):
        self.process = subprocess.Popen([sys.executable, "-c", RUNNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, cwd=Path(__file__).parent, start_new_session=True)
        self.id, server = self.process.stdout.readline().split()
        self.server = int(server)

    def end(self, number):
        os.kill(self.process.pid, number)
        self.process.communicate()

    def reaper(self):
        """The process of our session that is called with the lab's id."""
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if self.id.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                    return int(entry.name)
            except OSError:
                continue
        return None

    def remains(self):
        """What is there of this lab."""
        running = Path(f"/proc/{self.server}/stat")
        try:
            alive = running.read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            alive = False
        return [*NETNS.glob(f"{self.id}-*"), *ROOT.glob(self.id), *([running] if alive else [])]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_of_a_runner_that_ends(number):
    runner = Runner()
    assert len(runner.remains()) == 5  # fabric, a, b; the directory; the process
    runner.end(number)
    wait_for(lambda: not runner.remains(), "everything removed")


def test_next_lab_removes_what_a_killed_reaper_left():
    runner = Runner()
    os.kill(runner.reaper(), signal.SIGKILL)
    runner.end(signal.SIGKILL)
    assert runner.remains()
    with Lab():
        assert not runner.remains()


def test_labs_coexist():
    runner = Runner()
    with Lab() as lab:
        assert lab.id != runner.id
        assert len(runner.remains()) == 5
    assert len(runner.remains()) == 5
    runner.end(signal.SIGTERM)
    wait_for(lambda: not runner.remains(), "everything removed")
