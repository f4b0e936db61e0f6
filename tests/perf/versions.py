"""What is compared: a commit, a folder with a build of it, or a file of figures."""

import io
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from children import Failed
from figures import SOURCE, progress

BUILDS = SOURCE / "build-perf"
PROGRAMS = [f"tests/perf/{name}" for name in ("forward_bench", "fib_bench", "rib_bench")]


@dataclass
class Version:
    name: str
    build: Path = None
    figures: Path = None


def version(word):
    """What `word` names; a commit is built if it has not been."""
    path = Path(word)
    if path.is_file():
        return Version(word, figures=path)
    if (path / "build.ninja").exists():
        return Version(word, build=path.resolve())
    return Version(word, build=build(commit(word)))


def commit(word):
    """Its number; Failed if it is not in this repository, as in a shallow clone."""
    done = subprocess.run(["git", "-C", SOURCE, "rev-parse", "-q", "--verify", f"{word}^{{commit}}"], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{word}: no file, no build and no commit of this repository"
                     + (" (it is a shallow clone)" if (SOURCE / ".git" / "shallow").exists() else ""))
    return done.stdout.strip()


def build(number):
    """The folder with what the commit builds. Its sources are unpacked beside it: the repository gets no worktree."""
    folder = BUILDS / number[:12]
    source, built = folder / "source", folder / "build"
    if not (folder / "done").exists():
        progress(f"building {number[:12]}")
        if not source.exists():
            packed = subprocess.run(["git", "-C", SOURCE, "archive", number], capture_output=True, check=True).stdout
            with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
                tar.extractall(source)
        if not (built / "build.ninja").exists():
            _run("meson", "setup", built, source)
        known = _run("ninja", "-C", built, "-t", "targets", "all")
        wanted = [name for name in PROGRAMS if f"\n{name}: " in known]
        if not wanted:
            raise Failed(f"{number[:12]} has none of {' '.join(PROGRAMS)}")
        _run("ninja", "-C", built, "-j", os.cpu_count(), *wanted)
        (folder / "done").touch()
    return built


def _run(*words):
    done = subprocess.run(["nice", "-n", "10", *(str(word) for word in words)], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, words))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout
