"""Samples of machines of every temper, and what is said of them."""

import itertools
import random
from types import SimpleNamespace

import pytest

import compare
from spread import FEWEST, MANY, crossed, median, quartiles, settled, slowdowns, verdict

ROWS = [
    ("equal", [1] * 8, "same"),
    ("a little slower, and always", [1.04] * 8, "same"),
    ("slower", [1.06, 1.08, 1.07, 1.1, 1.06, 1.09, 1.07, 1.08], "slower"),
    ("faster", [0.9, 0.92, 0.91, 0.93, 0.9, 0.92, 0.9, 0.91], "faster"),
    ("slower, but for one pair that met a slow moment", [1.1, 1.1, 1.09, 0.6, 1.12, 1.1, 1.11, 1.1], "slower"),
    ("equal, but for two such pairs", [1, 1.01, 1.7, 0.99, 1, 1.7, 1.01, 1], "same"),
    ("noise with a slow middle", [0.8, 1.3, 0.9, 1.4, 1.1, 1.08, 0.7, 1.2], "same"),
    ("too few to say", [2] * (FEWEST - 1), "too few"),
]


@pytest.mark.parametrize("ratios, said", [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_verdict(ratios, said):
    assert verdict(ratios) == said


def test_quantiles():
    assert median([3, 1, 2]) == 2 and median([1, 2]) == 1.5
    assert quartiles([5, 1, 3, 2, 4]) == (2, 4)
    assert quartiles([7]) == (7, 7)


def test_direction():
    assert slowdowns([2, 4], [3, 4], "less") == [1.5, 1]
    assert slowdowns([2, 4], [4, 2], "more") == [0.5, 2]
    assert sorted(crossed([1, 2], [2], "less")) == [1, 2]
    with pytest.raises(ValueError):
        slowdowns([1, 2], [1], "less")


def pairs(rng, n, slower, noise, heaps=1.0, apart=0.0):
    """`n` pairs on a machine that is `heaps` times slower half of the time, which changes within a share `apart` of the pairs."""
    for _ in range(n):
        speed = rng.choice((1, heaps))
        other = rng.choice((1, heaps)) if rng.random() < apart else speed
        yield other * slower * rng.lognormvariate(0, noise) / (speed * rng.lognormvariate(0, noise))


# name, what pairs() is given, of 100 comparisons of 20 equal figures the most that fail, of 200 of what is a fifth slower the
# fewest that find it
MACHINES = [
    ("quiet", {"noise": 0.01}, 0, 200),
    ("noisy", {"noise": 0.05}, 1, 196),
    ("of two speeds", {"noise": 0.02, "heaps": 1.7}, 0, 196),
    ("of two speeds that change between the sides of a pair", {"noise": 0.02, "heaps": 1.7, "apart": 0.2}, 1, 190),
    ("busy with other work", {"noise": 0.1, "heaps": 1.3, "apart": 0.5}, 5, 100),
]
IDS = [row[0] for row in MACHINES]


class Subject:
    """As compare's, of which each pair is one of pairs()."""

    program = "none"

    def __init__(self, name, ratios):
        self.name, self.ratios, self.taken = name, ratios, 0

    def pair(self, old, new, into):
        ratio = next(self.ratios)
        self.taken += 1
        into.add(self.name, ratio if (old, new) == ("old", "new") else 1 / ratio)

    def has(self, name):
        return name == self.name


def compared(monkeypatch, rng, slower, machine, names=("a",)):
    """Exit code and pairs of one comparison of so many subjects, the last of them slower by so much."""
    monkeypatch.setattr(compare, "progress", lambda text: None)
    what = [Subject(name, pairs(rng, 1000, slower if name == names[-1] else 1, **machine)) for name in names]
    options = SimpleNamespace(pairs=8, within=1000, same_too=True)
    return compare.compare_builds(what, options, "old", "new", {}), [subject.taken for subject in what]


@pytest.mark.parametrize("machine, most", [row[1:3] for row in MACHINES], ids=IDS)
def test_equal_sides_on(machine, most, monkeypatch):
    rng = random.Random(7)
    assert sum(compared(monkeypatch, rng, 1, machine, "abcdefghijklmnopqrst")[0] for _ in range(100)) <= most


@pytest.mark.parametrize("machine, fewest", [row[1::2] for row in MACHINES], ids=IDS)
def test_a_fifth_slower_on(machine, fewest, monkeypatch, capsys):
    rng = random.Random(8)
    runs = [compared(monkeypatch, rng, 1.2, machine)[0] for _ in range(200)]
    assert sum(runs) >= fewest and "faster\n" not in capsys.readouterr().out


def test_it_ends_when_it_is_clear(monkeypatch):
    """Equal sides, and what is always slower, twice; the others are not measured again."""
    rng, quiet = random.Random(9), MACHINES[0][1]
    assert compared(monkeypatch, rng, 1, quiet, "ab") == (0, [FEWEST, FEWEST])
    assert compared(monkeypatch, rng, 1.2, quiet, "ab") == (1, [FEWEST, 2 * MANY])


def test_it_ends_when_time_is_over(monkeypatch):
    monkeypatch.setattr(compare, "progress", lambda text: None)
    subject = Subject("a", itertools.cycle([1.06, 1.04]))
    compare.measure([subject], 8, 0, "old", "new")
    assert subject.taken == FEWEST


@pytest.mark.parametrize("ratios, enough", [
    ([1] * 4, False), ([1] * 5, True), ([1.03] * 8, False), ([1.2] * 7, False), ([1.2] * 8, True), ([1.04] + [1.2] * 7, False)])
def test_settled(ratios, enough):
    assert settled(ratios) == enough
