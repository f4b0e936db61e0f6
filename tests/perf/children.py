"""Processes that end with us, however we end, and a folder for what they need.

Each child is told to die with its parent (PR_SET_PDEATHSIG), so that kill -9 leaves none. The folder of a run that was killed
is removed by the next one: nobody holds its lock any more."""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
from pathlib import Path

ROOT = Path("/run/bascule-perf")


class Failed(Exception):
    """Something could not be measured; the text says what and why."""


class Child:
    """A process whose output goes to a file, unless it is read here."""

    def __init__(self, folder, name, words, read=False):
        self.name, self.words = name, [str(word) for word in words]
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self._popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.words],
                                           stdin=subprocess.PIPE, stdout=subprocess.PIPE if read else log, stderr=log,
                                           env={**os.environ, "RUNTIME_DIRECTORY": str(folder)}, start_new_session=True)
        self.stdin, self.stdout = self._popen.stdin, self._popen.stdout

    @property
    def pid(self):
        return self._popen.pid

    @property
    def alive(self):
        return self._popen.poll() is None

    def signal(self, number):
        if self.alive:
            os.kill(self.pid, number)

    def wait(self, seconds):
        try:
            return self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} did not end within {seconds} s\n{self.said()}") from None

    def said(self):
        return self.log.read_text(errors="replace")[-2000:]

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        for pipe in (self.stdin, self.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class Children:
    """All that one measurement starts."""

    def __enter__(self):
        ROOT.mkdir(parents=True, exist_ok=True)
        _clean_dead()
        self.folder = ROOT / f"{os.getpid()}-{id(self):x}"
        self.folder.mkdir()
        self._lock = open(self.folder / "lock", "w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.all = []
        return self

    def __exit__(self, *_):
        for child in self.all:
            child.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()

    def start(self, name, *words, read=False):
        child = Child(self.folder, name, words, read)
        self.all.append(child)
        return child


def _clean_dead():
    for folder in ROOT.iterdir():
        with contextlib.suppress(OSError), open(folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def end_with_signals():
    """SIGTERM and SIGHUP end us as Ctrl-C does: everything is put away."""
    def stop(number, _):
        raise KeyboardInterrupt(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
