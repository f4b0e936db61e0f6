"""tools/run must not show a newcomer anything broken."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from lab import NETNS, wait_for

DEMONSTRATION = Path(__file__).with_name("demonstration.py")



def test_once():
    done = subprocess.run([sys.executable, DEMONSTRATION, "--once"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WRONG]" not in done.stdout
    assert "Everything is as it should be." in done.stdout


def test_ctrl_c_removes_everything():
    before = set(NETNS.iterdir())
    demonstration = subprocess.Popen([sys.executable, DEMONSTRATION], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True, start_new_session=True)
    wait_for(lambda: set(NETNS.iterdir()) - before, "namespaces")
    os.killpg(demonstration.pid, signal.SIGINT)
    demonstration.communicate(timeout=60)
    wait_for(lambda: not set(NETNS.iterdir()) - before, "everything removed")
