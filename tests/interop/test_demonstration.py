"""tools/run must not show a newcomer anything broken."""

import os
import re
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
    for host in ("10.20.0.10", "2001:db8::a14:a"):
        assert re.search(rf"\[ok\] on-prem 1 → on-prem 2 +ping {host} +answered", done.stdout), host


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


def test_ctrl_c_while_an_object_is_destroyed():
    program = """if True:
        import demonstration, os, signal, sys
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGALRM, lambda *_: sys.exit(1))
        signal.alarm(30)
        demonstration.keep_interrupts()
        class Destroyed:
            def __del__(self):
                signal.raise_signal(signal.SIGINT)
        try:
            Destroyed()
            signal.pause()
        except KeyboardInterrupt:
            sys.exit(130)
    """
    assert subprocess.run([sys.executable, "-c", program], cwd=DEMONSTRATION.parent, timeout=60).returncode == 130
