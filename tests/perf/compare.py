"""Which figures of NEW are worse than OLD's: each a commit, a build folder or a file that --json wrote.

Commits and builds are measured side by side, in turns on one core, and started anew for each pair; a pair gives one ratio a
figure. A figure is slower if the median pair is by more than 5 % and three quarters of the pairs are at all, and if three times
as many pairs again say the same; pairs end when it is clear. Where both have the same program, octet for octet, nothing is
measured. Of files, only figures count that are ratios themselves. Ends with 1 if one is slower.

A slowdown on purpose is a line in the message of a commit between OLD and NEW (or of those of --accept):
"Slower: FIGURE by N %, because REASON". It is told with its reason, and ends with 0, unless it is more than that."""

import time

import accepted
import forward
import tables
from children import Children, Failed
from contest import alternate
from figures import load, number, progress
from spread import FEWEST, crossed, median, quartiles, settled, slowdowns, verdict
from versions import same_program, version

SLICES = 6  # of each side in a pair
AGAIN = 3  # times as many pairs of what seems slower
FIRST = 0.6  # the share of the time that is there, after which no pairs are added but to what seems slower
ROWS = "^(64-two-(1k|64k)|ip6-66-two-1k)-full$"


class Slowdowns:
    """{figure: [a ratio a pair]}, above 1 where NEW is worse."""

    def __init__(self):
        self.of = {}

    def add(self, name, ratio):
        self.of.setdefault(name, []).append(ratio)

    def slower(self):
        return [name for name, ratios in self.of.items() if verdict(ratios) == "slower"]


def _forward_pair(row, old, new, seconds):
    with Children() as children:
        track = forward.Track(children, row)
        sides = [side(track, name) for name, side in (("old", old), ("new", new))]
        taken = alternate(sides, SLICES, seconds)
        for side in sides:
            forward.nothing_lost(side)
        return median(slowdowns(taken["old"], taken["new"], "less"))


class Forward:
    """A row of the fast path."""

    program = "forward_bench"

    def __init__(self, row, seconds):
        self.row, self.seconds = row, seconds
        self.name = f"forward/{row.name}"

    def pair(self, old, new, into):
        into.add(self.name, _forward_pair(self.row, *(
            lambda track, name, build=build: track.bascule(build, name) for build in (old, new)), self.seconds))

    def has(self, name):
        return name == self.name


class Table:
    """fib_bench, fib6_bench or rib_bench."""

    def __init__(self, program, routes):
        self.table, self.routes = program, routes
        self.name, self.program = program.area, program.program

    def pair(self, old, new, into):
        a, b = map(tables.judged, tables.run(self.table, [old, new], self.routes))
        for name, (value, better) in a.items():
            if name in b and value:
                into.add(f"{self.name}/{name}", slowdowns([value], [b[name][0]], better)[0])

    def has(self, name):
        return name.startswith(self.name + "/")


def subjects(options):
    """What is measured, by --only and --rows."""
    found = []
    for area in options.only:
        if area == "forward":
            found += [Forward(row, options.seconds) for row in forward.rows(options.rows)]
        else:
            found += [Table(program, options.routes) for program in {"fib": (tables.FIB, tables.FIB6), "rib": (tables.RIB,)}[area]]
    return found


def _pair(subject, old, new, turned, into):
    """Who is started first has no advantage."""
    if not turned:
        subject.pair(old, new, into)
        return
    found = Slowdowns()
    subject.pair(new, old, found)
    for name, ratios in found.of.items():
        into.add(name, 1 / ratios[0])


def _pair_or_again(subject, old, new, turned, into):
    """A machine that was short of something for a moment ends no comparison."""
    try:
        _pair(subject, old, new, turned, into)
    except Failed:
        _pair(subject, old, new, turned, into)


def first(subject, old, new, into):
    """The first pair. What OLD cannot be measured by, for it is from before this benchmark, say: False, if NEW can be and OLD
    fails a second time."""
    try:
        _pair(subject, old, new, False, into)
        return True
    except Failed:
        subject.pair(new, new, Slowdowns())
    try:
        _pair(subject, old, new, False, into)
        return True
    except Failed as why:
        print(f"{subject.name} is not compared, for OLD cannot be measured: {why}", flush=True)
        return False


def measure(what, most, ends, old, new, figures=None, again=""):
    """Slowdowns: pairs of each subject in turn, until its figures (or those named) are settled, `most` pairs at most. After
    `ends`, of time.monotonic(), no more than what a verdict needs."""
    found, left = Slowdowns(), list(what)
    for pair in range(most):
        for subject in list(left):
            if pair >= FEWEST and time.monotonic() > ends:
                break
            progress(f"{subject.name}, pair {pair + 1} of {most} at most{again}")
            if pair:
                _pair_or_again(subject, old, new, pair % 2 == 1, found)
            elif not first(subject, old, new, found):
                left.remove(subject)
        left = [subject for subject in left if not all(
            settled(ratios) for name, ratios in found.of.items() if subject.has(name) and (not figures or name in figures))]
    progress("")
    return found


def row(name, ratios, said):
    low, high = quartiles(ratios)
    return (f"{name:<55} {number(median(ratios)):>6} × the time  {number(low)} to {number(high)}"
            f"  {len(ratios)} pairs  {said}")


def different(what, old, new):
    """Those whose program is another one in NEW than in OLD: what does the same is as fast."""
    found = [subject for subject in what if not same_program(subject.program, old, new)]
    for subject in what:
        if subject not in found:
            print(f"{subject.name} is not measured: {subject.program} is the same in both, octet for octet", flush=True)
    return found


def judge(suspects, again, said):
    """{figure: (is that bad, what is said of its second measurement)}; `said`: what commits accept."""
    judged = {}
    for name in suspects:
        ratios = again.of.get(name, [])
        if verdict(ratios) != "slower":
            judged[name] = False, "not confirmed"
        elif name not in said:
            judged[name] = True, "slower"
        elif said[name].covers(quartiles(ratios)[0]):
            judged[name] = False, f"slower, {said[name]}"
        else:
            judged[name] = True, f"slower, and more than {said[name]}"
    return judged


def compare_builds(what, options, old, new, said):
    """Exit code. What seems slower is measured once more, alone and more often; `said`: what commits accept."""
    began = time.monotonic()
    wanted = what
    if not options.same_too:
        what = different(wanted, old, new)
        if not what:
            return 0
    once = measure(what, options.pairs, began + FIRST * options.within, old, new)
    suspects = once.slower()
    again = Slowdowns()
    if suspects:
        progress(f"{', '.join(suspects)}: once more")
        again = measure([s for s in what if any(s.has(name) for name in suspects)], AGAIN * options.pairs, began + options.within,
                        old, new, suspects, ", once more")
    if not once.of and len(what) < len(wanted):
        return 0  # the same, or from after OLD
    accepted.check(said, once.of)
    judged = judge(suspects, again, said)
    for name, ratios in once.of.items():
        print(row(name, ratios, verdict(ratios)))
        if name in suspects:
            print(row("    once more", again.of[name], judged[name][1]))
    for name in set(said) - set(suspects):
        print(f"{name}: {said[name]}: {'it is not slower' if name in once.of else 'it is not measured'}")
    return _end([name for name, (bad, _) in judged.items() if bad], once.of)


def compare_files(old, new):
    """Exit code."""
    old, new = load(old), load(new)
    found, bad = {}, []
    for figure in old:
        other = new.get(figure.name)
        if not other or not figure.relative:
            continue
        found[figure.name] = crossed(figure.samples, other.samples, figure.better)
        said = verdict(found[figure.name])
        bad += [figure.name] * (said == "slower")
        print(row(figure.name, found[figure.name], said))
    return _end(bad, found)


def _end(bad, found):
    if not found:
        raise Failed("there is nothing that both sides have")
    print(f"slower: {', '.join(bad)}" if bad else f"none of {len(found)} figures is slower")
    return 1 if bad else 0


def repeated(comparison, times):
    """Exit code: that of the worst of so many comparisons."""
    codes = []
    for number in range(1, times + 1):
        if times > 1:
            print(f"--- {number} of {times}", flush=True)
        codes.append(comparison())
    if times > 1:
        print(f"slower in {sum(map(bool, codes))} of {times} comparisons")
    return max(codes)


def run(options):
    old, new = version(options.old), version(options.new)
    if bool(old.figures) != bool(new.figures):
        raise Failed("a file of figures is compared with another one, a commit or a build with a commit or a build")
    if old.figures:
        if options.accept:
            raise Failed("--accept: files of figures are no commits")
        return compare_files(old.figures, new.figures)
    commits = options.accept or (new.commit and (f"{old.commit}..{new.commit}" if old.commit else new.commit))
    said = accepted.of_commits(commits) if commits else {}
    return repeated(lambda: compare_builds(subjects(options), options, old.build, new.build, said), options.times)
