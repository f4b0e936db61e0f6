"""tools/perf as a program: what it finds out, what it says of bad arguments, and that nothing is left of it."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import children
import compare
import figures
from children import Failed
from versions import PROGRAMS, commit, same_program

PERF = Path(__file__).resolve().parents[2] / "tools" / "perf"
ROW = "^64-two-1k-full$"


def perf(*words, timeout=300):
    return subprocess.run([str(word) for word in (PERF, *words)], capture_output=True, text=True, timeout=timeout)


def saved(path, **samples):
    """A file of relative figures, more is better, as --json writes it."""
    made = figures.Figures()
    for name, values in samples.items():
        for value in values:
            made.add(name, value, "×", "more", relative=True)
    figures.save(path, made)
    return path


@pytest.mark.alone
def test_planted_miss_is_found(build, tmp_path):
    """A version that misses the cache once more for each packet, measured as any two builds are."""
    planted = tmp_path / "planted"
    (planted / "tests" / "perf").mkdir(parents=True)
    (planted / "build.ninja").touch()
    (planted / "tests" / "perf" / "forward_bench").symlink_to(build / "tests" / "perf" / "forward_bench_planted")
    words = ["--only", "forward", "--rows", ROW, "--pairs", 5, "--seconds", 0.05]  # ten times as slow: clear at once
    done = perf("compare", build, planted, *words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "slower: forward/64-two-1k-full" in done.stdout
    done = perf("compare", planted, build, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "faster" in done.stdout


def test_files_are_compared_by_their_ratios(tmp_path):
    old = saved(tmp_path / "old", a=[0.70, 0.72, 0.71, 0.73, 0.72], b=[2.0, 2.1, 2.0, 1.9, 2.0])
    new = saved(tmp_path / "new", a=[0.60, 0.61, 0.62, 0.60, 0.61], b=[2.0, 1.9, 2.0, 2.1, 2.0], c=[1])
    done = perf("compare", old, new)
    assert done.returncode == 1 and "slower: a\n" in done.stdout, done.stdout
    assert perf("compare", new, old).returncode == 0
    assert perf("compare", old, old).returncode == 0
    assert perf("compare", old, saved(tmp_path / "other", z=[1])).returncode == 2


def test_older_than_the_benchmark(build, tmp_path):
    """A version that has none is not compared by it, and does not fail; one that has lost it does."""
    older = tmp_path / "older"
    older.mkdir()
    (older / "build.ninja").touch()
    words = ["--only", "forward,fib", "--rows", ROW, "--pairs", 1, "--same-too"]
    (older / "tests" / "perf").mkdir(parents=True)
    (older / "tests" / "perf" / "fib_bench").symlink_to(build / "tests" / "perf" / "fib_bench")
    done = perf("compare", older, build, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is not compared, for OLD cannot be measured" in done.stdout and "fib/full table, sorted" in done.stdout
    assert perf("compare", build, older, *words).returncode == 2
    done = perf("compare", older, build, "--only", "fib")
    assert done.returncode == 0 and "fib is not measured" in done.stdout and "fib6 is not compared" in done.stdout, done.stdout + done.stderr


def test_comparisons_one_after_another(capsys):
    """The worst of them counts, wherever it comes; one alone says nothing about how many there were."""
    for codes, said in (([0, 1, 0], "slower in 1 of 3 comparisons"), ([0, 0], "slower in 0 of 2 comparisons"), ([1], ""), ([0], "")):
        left = list(codes)
        assert compare.repeated(lambda: left.pop(0), len(codes)) == max(codes) and not left
        out = capsys.readouterr().out
        assert bool(out) == (len(codes) > 1) and out.rstrip().endswith(said)


def test_a_commit_is_built_with_all_that_is_measured():
    everything = compare.subjects(SimpleNamespace(only=["forward", "fib", "rib"], rows=compare.ROWS, seconds=1, routes=None))
    assert {f"tests/perf/{subject.program}" for subject in everything} == set(PROGRAMS)


def test_a_moment_of_want_leaves_nothing_out():
    """A side that fails once is measured all the same, also later; one that fails always is not, and it is OLD; NEW must not."""
    class Subject:
        name = "subject"

        def __init__(self, broken, times):
            self.broken, self.left = broken, times

        def pair(self, old, new, into):
            if self.broken in (old, new) and self.left:
                self.left -= 1
                raise Failed("want")
            into.add(self.name, 1.0)

        def has(self, name):
            return name == self.name

    class Later(Subject):
        """One that fails in its second pair."""

        def __init__(self, times):
            super().__init__("new", times)
            self.began = False

        def pair(self, old, new, into):
            if self.began:
                super().pair(old, new, into)
            else:
                self.began = True
                into.add(self.name, 1.0)

    assert compare.measure([Later(1)], 2, math.inf, "old", "new").of == {"subject": [1, 1]}
    with pytest.raises(Failed):
        compare.measure([Later(2)], 2, math.inf, "old", "new")
    for broken, times, compared in (("old", 1, True), ("old", 9, False), (None, 0, True)):
        found = compare.measure([Subject(broken, times)], 2, math.inf, "old", "new")
        assert found.of == ({"subject": [1, 1]} if compared else {})
    with pytest.raises(Failed):
        compare.measure([Subject("new", 9)], 2, math.inf, "old", "new")


def test_the_same_program_is_not_measured(build, tmp_path):
    """Two builds are the same if their programs are, whatever their debug information; what is missing is no program."""
    other = tmp_path / "other" / "tests" / "perf"
    other.mkdir(parents=True)
    (tmp_path / "other" / "build.ninja").touch()
    for name in ("rib_bench", "fib_bench", "fib6_bench"):
        subprocess.run(["strip", "-o", other / name, build / "tests" / "perf" / name], check=True)
    done = perf("compare", build, tmp_path / "other", "--only", "fib,rib")
    assert done.returncode == 0 and done.stdout.count("the same in both") == 3, done.stdout + done.stderr
    for name, other in (("rib_bench", "other"), ("none", "other"), ("forward_bench", "other")):
        assert same_program(name, build, tmp_path / other) == (name == "rib_bench")
    assert not same_program("rib_bench", build, tmp_path)


@pytest.mark.parametrize("made, why", [
    ("git clone -q --depth 1 file://{source} {at}", "the clone is shallow"),
    ("mkdir {at}", "fatal: not a git repository"),
    ("git init -q {at}; git -C {at} -c user.name=a -c user.email=a@b commit -q --allow-empty -m first", "this is the first commit"),
])
def test_without_a_parent_nothing_is_compared(tmp_path, made, why):
    source, at = Path(__file__).resolve().parents[2], tmp_path / "at"
    subprocess.run(made.format(source=source, at=at), shell=True, check=True)
    subprocess.run(["cp", "--parents", "-rt", at, "tools", "config", "tests/tally.py"], cwd=source, check=True)
    done = subprocess.run([at / "tools" / "test", "compare"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and f"skipped: the parent commit is not here: {why}" in done.stdout, done.stdout + done.stderr


def test_what_is_no_version(tmp_path):
    done = perf("compare", "no-such-commit", "HEAD")
    assert done.returncode == 2 and "no-such-commit: no file, no build and no commit" in done.stderr
    done = perf("forward", "--rows", "nonesuch")
    assert done.returncode == 2 and "64-two-1k-full" in done.stderr
    done = perf("forward", "--build", tmp_path, "--rows", ROW, "--rivals", "")
    assert done.returncode == 2 and "forward_bench is not there" in done.stderr


@pytest.mark.alone
def test_json_says_what_it_is_of(build, tmp_path):
    path = tmp_path / "figures.json"
    done = perf("forward", "--build", build, "--rows", "^(64|ip6-66)-two-1k-full$", "--rivals", "testpmd-io", "--runs", 2, "--json", path)
    assert done.returncode == 0, done.stderr
    said = json.loads(path.read_text())
    assert {"host", "kernel", "cpu", "cpus", "dpdk"} <= set(said["machine"])
    assert said["commit"].startswith(commit("HEAD")) and "--rivals testpmd-io" in said["command"]
    for row in ("64-two-1k-full", "ip6-66-two-1k-full"):
        figure = next(f for f in said["figures"] if f["name"] == f"forward/{row}/bascule to testpmd-io")
        assert figure["relative"] and len(figure["samples"]) == 2
        # testpmd does less
        assert 0 < figure["min"] <= figure["median"] <= figure["max"] < 1
        assert figure["name"] in done.stdout


def benches_of(folders):
    """Pids of processes that have one of these as their EAL's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
            if any(f"RUNTIME_DIRECTORY={folder}\0".encode() in environment for folder in folders):
                found += [int(entry.name)] if (entry / "cmdline").read_bytes() else []  # no zombie
        except OSError:
            pass
    return found


def wait_for(predicate):
    deadline = time.monotonic() + 60
    while not predicate():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left(build, number):
    process = subprocess.Popen([sys.executable, PERF, "forward", "--build", build, "--rows", ROW, "--rivals", "testpmd-io",
                                "--runs", "1000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ours = children.ROOT.glob

    def folders():
        return list(ours(f"{process.pid}-*"))

    wait_for(lambda: len(benches_of(folders())) == 2)
    there = folders()
    os.kill(process.pid, number)
    process.wait(120)
    wait_for(lambda: not benches_of(there))
    with children.Children():  # the next one removes what a killed one could not
        pass
    assert not any(folder.exists() for folder in there)
