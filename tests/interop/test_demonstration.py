"""tools/run must not show a newcomer anything broken."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from lab import NETNS, lab_id, wait_for

DEMONSTRATION = Path(__file__).with_name("demonstration.py")


def test_once():
    done = subprocess.run([sys.executable, DEMONSTRATION, "--once"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WRONG]" not in done.stdout
    assert "Everything is as it should be." in done.stdout


def test_ctrl_c_removes_everything():
    demonstration = subprocess.Popen([sys.executable, DEMONSTRATION], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     text=True, start_new_session=True,
                                     # Ctrl-C is for foreground processes: a shell's background has it ignored.
                                     preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def namespaces():
        return [path for path in NETNS.iterdir() if path.name.startswith(f"{lab_id(demonstration.pid)}-")]

    wait_for(namespaces, "namespaces")
    os.killpg(demonstration.pid, signal.SIGINT)
    demonstration.communicate(timeout=60)
    wait_for(lambda: not namespaces(), "everything removed")
