"""What commits say may be slower. A slowdown on purpose is a line of the commit's message, where whoever reviews it sees it:

    Slower: forward/64-two-1k-full by 8 %, because the source is looked up as well

The figure is named as tools/perf compare prints it. More than the line allows is slower all the same."""

import re
from dataclasses import dataclass, field

import forward
from children import Failed
from figures import git, number

LINE = re.compile(r"^Slower:[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE | re.IGNORECASE)  # goes on where lines are indented
SAID = re.compile(r"(.+?) by ([0-9]+(?:\.[0-9]+)?) ?%, because (\S.*)")
FORM = "Slower: FIGURE by N %, because REASON"
TABLES = ("fib", "rib")


@dataclass
class Accepted:
    """Of one figure: how many times the time is no more than was said, and why, for each commit that says so."""

    factor: float = 1.0
    why: list = field(default_factory=list)

    def covers(self, low):
        """`low`: three quarters of the pairs are at least so many times as slow."""
        return low <= self.factor

    def __str__(self):
        return f"by {number(100 * (self.factor - 1))} % accepted, because {'; '.join(self.why)}"


def of_messages(messages):
    """{figure: Accepted}, of [(commit, message)]: several commits may each take something from one figure."""
    found = {}
    for number_of, message in messages:
        for line in LINE.findall(message):
            text = re.sub(r"\s+", " ", line).strip()
            said = SAID.fullmatch(text)
            if not said:
                raise Failed(f"commit {number_of[:12]}: {text!r}: this is said as {FORM!r}")
            name, percent, why = said.groups()
            one = found.setdefault(name, Accepted())
            one.factor *= 1 + float(percent) / 100
            one.why.append(f"{why} ({number_of[:12]})")
    for name in found:
        known = [f"forward/{row.name}" for row in forward.ROWS]
        if name not in known and name.partition("/")[0] not in TABLES:
            raise Failed(f"Slower: {name!r} is no figure of compare: those of forward are {' '.join(known)}")
    return found


def of_commits(commits):
    """The same of what git calls `commits`: A..B, or one."""
    done = git("log", "-z", "--format=%H%n%B", *([commits] if ".." in commits else ["-1", commits]), "--", text=True)
    if done.returncode:
        raise Failed(f"{commits}: {done.stderr.strip()}")
    return of_messages([tuple(text.split("\n", 1)) for text in done.stdout.split("\0") if "\n" in text])


def check(said, measured):
    """Failed if something is said of no figure of an area that was measured: a table's figures are known only then."""
    for name in said:
        area = name.partition("/")[0]
        known = [figure for figure in measured if figure.startswith(area + "/")]
        if area in TABLES and known and name not in known:
            raise Failed(f"Slower: {name!r} is no figure of {area}: those are {'; '.join(known)}")
