"""A guest that QEMU has lost: the timer of one of its CPUs never fires again, and what sleeps there sleeps for ever. Its kernel says
so at the console after 21 s; the tests would only find out one by one that nothing is answered any more.

    with Watch(console):         # the file; in the main thread
        ...                      # whatever is waited for in here: pytest ends with LOST as soon as the kernel says so

Nothing has been found out about us then: story.py has it told again."""

import re
import signal
import threading

import pytest

LOST = 75  # EX_TEMPFAIL of sysexits.h
LOOK_S = 0.5
# What RCU's stall detector says of the kthread that it depends on itself: no load of ours keeps that from a CPU for 21 s.
WORDS = re.compile(r"rcu: .* kthread (?:timer wakeup didn't happen|starved) for .*")


def said(console):
    """By which the kernel says that it is lost; or None."""
    found = WORDS.search(console.read_text(errors="replace")) if console.exists() else None
    return found and found[0]


class Watch:
    def __init__(self, console):
        self._console = console
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.said = None

    def _look(self):
        while not self.said and not self._done.wait(LOOK_S):
            self.said = said(self._console)
        if self.said:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    def _end(self, *_):
        pytest.exit(f"QEMU has lost the guest, whose kernel says: {self.said}", LOST)

    def __enter__(self):
        self._before = signal.signal(signal.SIGUSR1, self._end)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()
        signal.signal(signal.SIGUSR1, self._before)
