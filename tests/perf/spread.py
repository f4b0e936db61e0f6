"""Of several samples: the middle one, how far they lie apart, and whether one side is slower than the other.

A machine that others use, or that changes its clock, gives samples with outliers and with two heaps. So nothing here takes a
mean: a pair (old, new) is measured side by side and gives one ratio, and the ratios' median and quartiles decide. A side is
slower if the median pair is, by more than TOLERANCE, and three quarters of all pairs are slower at all: a few pairs of which
one side met a slow moment move neither."""

import math

TOLERANCE = 1.05
NEAR = 1.025  # a median pair below this is far enough from TOLERANCE
FEWEST = 5  # pairs below which nothing is said
MANY = 8  # pairs that do not agree by chance


def quantile(samples, share):
    """Between the two samples that lie next to it, in proportion."""
    ordered = sorted(samples)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(samples):
    return quantile(samples, 0.5)


def quartiles(samples):
    return quantile(samples, 0.25), quantile(samples, 0.75)


def verdict(slowdowns):
    """"slower", "faster", "same" or "too few", of ratios that are above 1 where the new side was slower."""
    if len(slowdowns) < FEWEST:
        return "too few"
    low, high = quartiles(slowdowns)
    if median(slowdowns) > TOLERANCE and low > 1:
        return "slower"
    if median(slowdowns) < 1 / TOLERANCE and high < 1:
        return "faster"
    return "same"


def settled(slowdowns):
    """More pairs would change nothing: the median pair is not slower, or every pair is by more than TOLERANCE."""
    return (len(slowdowns) >= FEWEST and median(slowdowns) < NEAR) or (len(slowdowns) >= MANY and min(slowdowns) > TOLERANCE)


def slowdowns(old, new, better):
    """The ratio of each pair, above 1 where `new` is worse. `better` is "less" or "more"."""
    return [_slowdown(a, b, better) for a, b in zip(old, new, strict=True)]


def crossed(old, new, better):
    """The same of samples that were not taken in pairs: each with each."""
    return [_slowdown(a, b, better) for a in old for b in new]


def _slowdown(old, new, better):
    """A figure may be nothing at all: no loss, no throughput."""
    worse, base = (new, old) if better == "less" else (old, new)
    if base:
        return worse / base
    return math.inf if worse else 1.0
