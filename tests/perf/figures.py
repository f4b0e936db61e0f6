"""What a run comes to: figures with their samples, for people and as JSON, and the machine that they are of.

A figure is "relative" if it is a ratio of two things measured side by side, or if no machine has a say in it: then it may be
compared with the same figure of another day. All others are for orientation."""

import json
import os
import platform
import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from spread import median

SOURCE = Path(__file__).resolve().parents[2]


@dataclass
class Figure:
    name: str  # area/row/what
    unit: str
    better: str  # "less" or "more"
    relative: bool = False
    samples: list = field(default_factory=list)


class Figures:
    """In the order in which they came."""

    def __init__(self):
        self.all = {}

    def add(self, name, value, unit, better, relative=False):
        figure = self.all.setdefault(name, Figure(name, unit, better, relative))
        figure.samples.append(value)

    def __iter__(self):
        return iter(self.all.values())

    def get(self, name):
        return self.all.get(name)


def machine():
    """What the figures are of."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {"host": platform.node(), "kernel": platform.release(), "cpu": cpu[1] if cpu else platform.machine(),
            "cpus": os.cpu_count(), "dpdk": _said("pkg-config", "--modversion", "libdpdk")}


def git(*words, **options):
    """Of this repository, whoever's it is (root's CI may have another user's), and none that lies around it."""
    return subprocess.run(["git", "-c", f"safe.directory={SOURCE}", "-C", SOURCE, *words], capture_output=True,
                          env={**os.environ, "GIT_CEILING_DIRECTORIES": str(SOURCE.parent)}, **options)


def commit():
    """The commit that is checked out, with a mark if what is measured differs from it; empty if this is no repository. Figures that
    were taken before, and the README's table of them (tools/perf record), are not measured."""
    try:
        at, changed = (git(*words, text=True).stdout.strip() for words in (
            ("rev-parse", "-q", "--verify", "HEAD"), ("status", "--porcelain", "-uno", "--", ":!README.md", ":!tests/perf/figures")))
    except OSError:
        return ""
    return at + ("-dirty" if at and changed else "")


def _said(*words):
    try:
        return subprocess.run(words, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def save(path, figures):
    """The file that compare reads: a figure a line."""
    document = {"machine": machine(), "commit": commit(), "command": _command(), "when": time.strftime("%FT%T%z")}
    rows = [{"name": f.name, "unit": f.unit, "better": f.better, "relative": f.relative,
             **{what: float(f"{value:.6g}") for what, value in (
                 ("min", min(f.samples)), ("median", median(f.samples)), ("max", max(f.samples)))},
             "samples": [float(f"{value:.6g}") for value in f.samples]} for f in figures]
    Path(path).write_text(json.dumps(document, indent=1)[:-2] + ',\n "figures": [\n  '
                          + ",\n  ".join(json.dumps(row) for row in rows) + "\n ]\n}\n")


def _command():
    """As it is typed in the folder of the sources."""
    words = [os.path.relpath(word, SOURCE) if str(SOURCE) in word else word for word in sys.argv]
    return shlex.join(words)


def load(path):
    """Figures of a file that save() wrote."""
    figures = Figures()
    for row in json.loads(Path(path).read_text())["figures"]:
        for value in row["samples"]:
            figures.add(row["name"], value, row["unit"], row["better"], row["relative"])
    return figures


def number(value):
    """Three digits that count."""
    if value == 0 or abs(value) >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def scale(value, unit):
    """A unit of time in which the value is easily read, and how many of the given one it is."""
    if unit == "ns":
        for size, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
            if value >= size:
                return size, name
    return 1, unit


def table(figures):
    """A line a figure."""
    rows = []
    for f in figures:
        size, unit = scale(median(f.samples), f.unit)
        middle, low, high = (number(value / size) for value in (median(f.samples), min(f.samples), max(f.samples)))
        rows.append((f.name, middle, f"{low} to {high}", unit))
    widths = [max(len(row[i]) for row in rows) for i in range(4)] if rows else [0] * 4
    return "\n".join(f"{name:<{widths[0]}}  {middle:>{widths[1]}} {unit:<{widths[3]}}  {ends}"
                     for name, middle, ends, unit in rows)


def progress(text):
    """What is under way, on standard error: one line that changes on a terminal, a line each else."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)
