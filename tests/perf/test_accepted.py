"""Slowdowns that commits say are on purpose: which lines count, what they allow, and what of it a comparison tells."""

import subprocess
from types import SimpleNamespace

import pytest

import accepted
import compare
import figures
from children import Failed
from test_perf import PERF, perf

ROW = "forward/64-two-1k-full"
NAMES = {"fib/full table, sorted": [], "rib/memory, one path": []}

GOOD = [
    ("none", "area: one thing\n\nNothing is Slower: than before.\n", {}),
    ("one", f"a: b\n\nwhy\n\nSlower: {ROW} by 8 %, because of a check\n", {ROW: (1.08, "of a check (c0)")}),
    ("in the middle of the text", f"a: b\nSlower: {ROW} by 8%, because of a check\n\nmore\n", {ROW: (1.08, "of a check (c0)")}),
    ("on two lines", f"a: b\n\nslower:   {ROW}\n  by 2.5 %, because of\n\ta check\nNot: of it\n", {ROW: (1.025, "of a check (c0)")}),
    ("a name with a comma", "Slower: fib/full table, sorted by 10 %, because so, and by 3 %, because so\n",
     {"fib/full table, sorted": (1.1, "so, and by 3 %, because so (c0)")}),
    ("two figures", f"Slower: {ROW} by 8 %, because a\nSlower: rib/memory, one path by 9 %, because b\n",
     {ROW: (1.08, "a (c0)"), "rib/memory, one path": (1.09, "b (c0)")}),
]
BAD = [
    ("no reason", f"Slower: {ROW} by 8 %", "this is said as 'Slower: FIGURE by N %, because REASON'"),
    ("an empty one", f"Slower: {ROW} by 8 %, because \n", "this is said as"),
    ("not by how much", f"Slower: {ROW}, because so", "this is said as"),
    ("nothing at all", "Slower:\n\nmore", "this is said as"),
    ("a typing error", "Slower: forward/64-two-1k-ful by 8 %, because so", "'forward/64-two-1k-ful' is no figure of compare"),
    ("no area", "Slower: 64-two-1k-full by 8 %, because so", "is no figure of compare"),
    ("another area", "Slower: bgp/distinct by 8 %, because so", "is no figure of compare"),
]


@pytest.mark.parametrize("message, expected", [row[1:] for row in GOOD], ids=[row[0] for row in GOOD])
def test_what_a_message_says(message, expected):
    said = accepted.of_messages([("c0", message)])
    assert {name: (pytest.approx(one.factor), "; ".join(one.why)) for name, one in said.items()} == expected


@pytest.mark.parametrize("message, why", [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_is_said_badly(message, why):
    with pytest.raises(Failed, match=why.replace("%", ".")):
        accepted.of_messages([("c0", message)])


def test_what_several_commits_say_adds_up():
    said = accepted.of_messages([("c1", f"Slower: {ROW} by 10 %, because a"), ("c0", f"Slower: {ROW} by 20 %, because b")])
    assert said[ROW].factor == pytest.approx(1.32) and str(said[ROW]) == "by 32 % accepted, because a (c1); b (c0)"


def test_a_tables_figure_that_there_is_not():
    said = accepted.of_messages([("c0", "Slower: fib/full table by 8 %, because so")])
    accepted.check(said, {"rib/memory, one path": []})  # of a table that was not measured
    with pytest.raises(Failed, match="'fib/full table' is no figure of fib: those are fib/full table, sorted"):
        accepted.check(said, NAMES)


@pytest.mark.parametrize("line, code, told", [
    ("", 1, "slower: subject"),
    ("by 12 %", 0, "slower, by 12 % accepted, because so (c0)"),
    ("by 9 %", 1, "slower, and more than by 9 % accepted, because so (c0)"),
])
def test_no_more_is_accepted_than_is_said(line, code, told, monkeypatch, capsys):
    """A subject that takes 1.1 times as long."""
    ratios = [1.1, 1.09, 1.11, 1.1, 1.1, 1.12, 1.1, 1.1]
    subject = SimpleNamespace(name="subject", has=lambda name: name == "subject")
    subject.pair = lambda old, new, into: into.add("subject", ratios[len(into.of.get("subject", [])) % len(ratios)])
    monkeypatch.setattr(compare, "_pair", lambda subject, old, new, turned, into: subject.pair(old, new, into))
    said = {"subject": accepted.Accepted(1 + float(line.split()[1]) / 100, ["so (c0)"])} if line else {}
    options = SimpleNamespace(same_too=True, pairs=8, within=1000)
    assert compare.compare_builds([subject], options, "old", "new", said) == code
    assert told in capsys.readouterr().out


def test_what_is_accepted_and_not_needed_is_told(capsys, monkeypatch):
    subject = SimpleNamespace(name="subject", has=lambda name: name == "subject", pair=lambda old, new, into: into.add("subject", 1.0))
    monkeypatch.setattr(compare, "_pair", lambda subject, old, new, turned, into: subject.pair(old, new, into))
    said = {name: accepted.Accepted(1.1, ["so (c0)"]) for name in ("subject", ROW)}
    assert compare.compare_builds([subject], SimpleNamespace(same_too=True, pairs=8, within=1000), "old", "new", said) == 0
    out = capsys.readouterr().out
    assert "subject: by 10 % accepted, because so (c0): it is not slower" in out and f"{ROW}: by 10 % accepted, because so (c0): it is not measured" in out


def test_commits_between_count_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "SOURCE", tmp_path)
    figures.git("init", "-q", check=True)
    for number in range(3):
        figures.git("-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "--allow-empty", "-m",
                    f"area: {number}\n\nSlower: fib/{number} by {number + 1} %, because so", check=True)
    assert set(accepted.of_commits("HEAD~2..HEAD")) == {"fib/1", "fib/2"}
    assert set(accepted.of_commits("HEAD~1")) == {"fib/1"}
    assert accepted.of_commits("HEAD..HEAD") == {}
    with pytest.raises(Failed, match="nonesuch"):
        accepted.of_commits("nonesuch..HEAD")


@pytest.mark.alone
def test_a_planted_miss_is_accepted_by_a_commit(build, tmp_path):
    """As CI compares: builds, and the messages of commits; here those of a repository around a copy of tools/perf."""
    planted, at = tmp_path / "planted", tmp_path / "at"
    (planted / "tests" / "perf").mkdir(parents=True)
    (planted / "build.ninja").touch()
    (planted / "tests" / "perf" / "forward_bench").symlink_to(build / "tests" / "perf" / "forward_bench_planted")
    subprocess.run(["git", "init", "-q", at], check=True)
    subprocess.run(["cp", "--parents", "-rt", at, "tools/perf", "tests/perf", "tests/interop", "tests/data"], cwd=PERF.parents[1], check=True)
    for message in (f"a: b\n\nSlower: {ROW} by 900 %, because a miss was planted", f"a: b\n\nSlower: {ROW}l by 900 %, because so"):
        subprocess.run(["git", "-C", at, "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "--allow-empty",
                        "-m", message], check=True)
    words = [at / "tools" / "perf", "compare", build, planted, "--only", "forward", "--rows", "^64-two-1k-full$", "--accept"]
    done = subprocess.run([*words, "HEAD~", "--pairs", "5", "--seconds", "0.05"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "by 900 % accepted, because a miss was planted" in done.stdout, done.stdout + done.stderr
    done = subprocess.run([*words, "HEAD", "--pairs", "1"], capture_output=True, text=True, timeout=300)  # whatever it finds
    assert done.returncode == 2 and f"'{ROW}l' is no figure of compare" in done.stderr


def test_files_are_no_commits(tmp_path):
    made = figures.Figures()
    made.add("a", 1, "×", "more", relative=True)
    figures.save(tmp_path / "file", made)
    done = perf("compare", tmp_path / "file", tmp_path / "file", "--accept", "HEAD")
    assert done.returncode == 2 and "files of figures are no commits" in done.stderr
