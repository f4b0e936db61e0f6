"""Samples of machines of every temper, and what is said of them."""

import random

import pytest

from spread import FEWEST, crossed, median, quartiles, slowdowns, verdict

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


MACHINES = [  # name, what pairs() is given, the most of 1,000 runs of equal sides of which the first look says "slower"
    ("quiet", {"noise": 0.01}, 0),
    ("noisy", {"noise": 0.05}, 60),
    ("of two speeds", {"noise": 0.02, "heaps": 1.7}, 2),
    ("of two speeds that change between the sides of a pair", {"noise": 0.02, "heaps": 1.7, "apart": 0.2}, 20),
]


@pytest.mark.parametrize("machine, most", [row[1:] for row in MACHINES], ids=[row[0] for row in MACHINES])
def test_equal_sides_on(machine, most):
    rng = random.Random(7)
    runs = [verdict(list(pairs(rng, 8, 1, **machine))) for _ in range(1000)]
    assert runs.count("slower") <= most
    twice = sum(verdict(list(pairs(rng, 8, 1, **machine))) == "slower" for said in runs if said == "slower")
    assert twice <= most / 10, "and once more"


@pytest.mark.parametrize("machine", [row[1] for row in MACHINES], ids=[row[0] for row in MACHINES])
def test_a_fifth_slower_on(machine):
    rng = random.Random(8)
    runs = [verdict(list(pairs(rng, 8, 1.2, **machine))) for _ in range(1000)]
    assert runs.count("slower") >= 900
    assert runs.count("faster") == 0
