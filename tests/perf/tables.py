"""Programs that time what a table does: fib_bench, fib6_bench and rib_bench. What they say is in section.h."""

from dataclasses import dataclass
from pathlib import Path

import capture
from children import Children, Failed
from figures import progress
from turns import run_in_turns

START = ("--in-memory", "--no-pci", "--log-level=error", "-l1")


@dataclass(frozen=True)
class Program:
    area: str
    program: str
    eal: tuple = ()
    prefixes: Path = capture.TABLE

    def command(self, build, prefix, routes):
        path = build / "tests" / "perf" / self.program
        if not path.exists():
            raise Failed(f"{path} is not there: build it")
        eal = (*self.eal, f"--file-prefix={prefix}", "--") if self.eal else ()
        return [path, *eal, self.prefixes, *([routes] if routes else [])]


FIB = Program("fib", "fib_bench", START)
FIB6 = Program("fib6", "fib6_bench", START, capture.TABLE6)
RIB = Program("rib", "rib_bench")


def run(program, builds, routes=None):
    """One run of each build's, in turns: for each the rows that it says. `routes`: so many, and nothing beside them."""
    with Children() as children:
        each = [children.start(f"{program.area}{i}", *program.command(build, f"{program.area}{i}", routes))
                for i, build in enumerate(builds)]
        run_in_turns(each)
        for child in each:
            if child.wait(0):
                raise Failed(f"{child.words[-1]}: {program.program} failed\n{child.said()}")
        return [[line.split("\t") for line in child.log.read_text().splitlines() if "\t" in line] for child in each]


def measure(program, figures, options, build):
    for turn in range(options.runs):
        progress(f"{program.area}, run {turn + 1} of {options.runs}")
        for kind, name, value, *more in run(program, [build])[0]:
            name = f"{program.area}/{name}"
            if kind == "cost":
                figures.add(name, float(value), "ns", "less")
                figures.add(f"{name}, to the machine", float(more[0]), "yardsticks", "less", relative=True)
            elif kind == "times":
                figures.add(name, float(value), "×", "more", relative=True)
            else:
                figures.add(name, float(value), more[0], "less", relative=kind == "exact")
    progress("")


def judged(rows):
    """{name: (value, better)} of one run's rows: what two builds that ran in turns may be compared by."""
    return {name: (float(value), "more" if kind == "times" else "less")
            for kind, name, value, *_ in rows if kind != "note"}
