"""What is compared: a commit, a folder with a build of it, or a file of figures."""

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from children import Failed
from figures import SOURCE, git, progress

BUILDS = SOURCE / "build-perf"
KEPT = 4  # builds of commits
PROGRAMS = [f"tests/perf/{name}" for name in ("forward_bench", "fib_bench", "fib6_bench", "rib_bench")]


@dataclass
class Version:
    name: str
    build: Path = None
    figures: Path = None
    commit: str = ""  # its number


def version(word):
    """What `word` names; a commit is built if it has not been."""
    path = Path(word)
    if path.is_file():
        return Version(word, figures=path)
    if (path / "build.ninja").exists():
        return Version(word, build=path.resolve())
    number = commit(word)
    return Version(word, build=build(number), commit=number)


def commit(word):
    """Its number; Failed if it is not in this repository, as in a shallow clone."""
    done = git("rev-parse", "-q", "--verify", f"{word}^{{commit}}", text=True)
    if done.returncode:
        raise Failed(f"{word}: no file, no build and no commit of this repository"
                     + (" (it is a shallow clone)" if (SOURCE / ".git" / "shallow").exists() else ""))
    return done.stdout.strip()


def build(number):
    """The folder with what the commit builds, of what is measured. Its sources are unpacked around it: the repository gets no
    worktree, and paths in the programs are those of any build."""
    folder = BUILDS / number[:12]
    source, built = folder / "source", folder / "source" / "build"
    if not (folder / "done").exists():
        progress(f"building {number[:12]}")
        if not source.exists():
            packed = git("archive", number, check=True).stdout
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
    for old in sorted(BUILDS.glob("*/done"), key=lambda done: done.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old.parent)
    return built


def same_program(name, *builds):
    """Do all of these builds have the same code and data under this name?"""
    return len({_loaded(built / "tests" / "perf" / name) for built in builds}) == 1


def _loaded(program):
    """What of a program is loaded when it runs, but for the number of its build; the path of one that cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "loaded"
        if shutil.which("objcopy"):
            subprocess.run(["objcopy", "--strip-all", "--remove-section=.note.gnu.build-id", program, out], capture_output=True)
        return out.read_bytes() if out.exists() else str(program)


def _run(*words):
    done = subprocess.run(["nice", "-n", "10", *(str(word) for word in words)], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, words))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout
