"""Binary searches over trials, which may be noisy, as tools/pktgen's search.lua. A trial is {"sent", "lost", …}."""


def _loses(result, percent):
    return result["lost"] > result["sent"] * percent / 100


def rate(trial, percent, lowest, resolution, confirm):
    """(rate, its trial): the highest, in percent of the line rate, at which `trial(rate)` loses at most `percent` of its frames, as
    near as `resolution`. A rate counts after `confirm` trials that all pass: one that passes by chance would lead all further steps
    astray. (None, None) if even `lowest` does not pass."""
    def passes(at):
        result = None
        for _ in range(confirm):
            result = trial(at)
            if _loses(result, percent):
                return None
        return result

    best = passes(100)
    if best:
        return 100, best
    low, high, best = lowest, 100, passes(lowest)
    if not best:
        return None, None
    while high - low > resolution:
        middle = (low + high) / 2
        result = passes(middle)
        if result:
            low, best = middle, result
        else:
            high = middle
    return low, best


def burst(trial, longest):
    """The longest burst at line rate, in frames of each port, of which `trial(frames)` loses none (RFC 9004); within one in a
    hundred. 0 if one frame is lost."""
    if not trial(longest)["lost"]:
        return longest
    low, high = 0, longest
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        if trial(middle)["lost"]:
            high = middle
        else:
            low = middle
    return low


def loss(trial):
    """{rate: result} from the line rate down in tenths, until two in a row lose nothing (RFC 2544 26.3)."""
    found, without = {}, 0
    for at in range(100, 0, -10):
        found[at] = trial(at)
        without = 0 if found[at]["lost"] else without + 1
        if without == 2:
            break
    return found
