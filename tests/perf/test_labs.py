"""Small runs of what tools/perf does in laboratories: every kind of row gives its figures."""

import json
import re

import pytest

import bgp
import forward
import loss
import loss_memif
from figures import Figures
from test_perf import perf


def figures(build, tmp_path, command, *words):
    """{name, without the command's: figure}"""
    path = tmp_path / "figures.json"
    done = perf(command, "--build", build, "--runs", 1, "--json", path, *words)
    assert done.returncode == 0, done.stderr
    return {re.sub(f"^{command}[/ ]", "", figure["name"]): figure for figure in json.loads(path.read_text())["figures"]}


def test_a_load_of_bgp_through_everybody(build, tmp_path):
    """What each is told, how often, how packed and how late; CPU and memory; both ends."""
    found = figures(build, tmp_path, "bgp", "--rows", "same|feed-dies", "--prefixes", 200, "--rivals", ",".join(bgp.ALL))
    for name in ("bascule", *(name for name in bgp.ALL if name not in bgp.REFLECTORS)):
        for what in ("told", "packed", "latency p50", "latency p99", "latency max", "CPU", "memory"):
            assert f"same/{name} {what}" in found
        assert found[f"same/{name} told"]["median"] >= 1 and found[f"same/{name} memory"]["median"] > 1
        assert {f"same/{name} announce", f"same/{name} end", f"feed-dies/{name} end"} <= set(found)
        assert name == "bascule" or {f"same/bascule to {name} {what}" for what in ("announce", "end", "CPU", "memory")} <= set(found)


def test_one_update_among_many(build, tmp_path):
    found = figures(build, tmp_path, "latency", "--known", "0,3000", "--routes", 1000, "--rivals", "bird")
    for area in ("", "among 3000/"):
        for name in ("bascule", "bird"):
            assert found[f"{area}idle lost/{name}"]["max"] == found[f"{area}loaded lost/{name}"]["max"] == 0
            assert 0 < found[f"{area}idle p50/{name}"]["median"] <= found[f"{area}idle max/{name}"]["median"]


def test_control_is_lost_and_no_packet(build, tmp_path):
    """Nothing is dropped, whoever reads the rings in time."""
    found = figures(build, tmp_path, "loss", "--prefixes", 500, "--events", "flap,upgraded", "--control", "alive", "--rate", 2000,
                    "--next", build)
    assert found["upgraded, ecmp, 500 prefixes, of that dropped by us"]["max"] == 0
    assert {"flap, ecmp, 500 prefixes, control alive, lost", "upgraded, ecmp, 500 prefixes, lost"} <= set(found)


def test_what_is_lost_after_the_kernels_word():
    """Of the packets that the event cost, those that were sent when the kernel had said it; of others at other times, none."""
    result = {"sent": 1000, "seconds": 1, "lost": 7, "latency_us": {"p50": 1}, "plug_us": [1000], "events": [[900, "link nva0 down"], [1500, "link nva0 down"]],
              "runs": [[0, 4, 5, 1100, 1700], [900, 901, 2, 90000, 90100]], "missing_us": [1100, 1200, 1500, 1600, 1700, 90000, 90100]}
    told = Figures()
    loss.tell(told, "x", "link", result)
    assert {figure.name: figure.samples for figure in told if "lost" in figure.name or "word" in figure.name} == {
        "x, lost": [5], "x, of that sent after the kernel's word": [2], "x, lost at other times": [2]}


def test_a_next_hop_is_lost_by_shared_memory(build, tmp_path):
    """What is lost ends with the mark, whatever the machine does."""
    found = figures(build, tmp_path, "loss", "--load", "memif", "--prefixes", 500, "--events", "link", "--control", "alive", "--rate", 2000)
    name = "loss-memif/link, ecmp, 500 prefixes, control alive, "
    found = {figure.removeprefix(name): row["max"] for figure, row in found.items()}
    assert found["lost before"] == found["lost since the mark"] == 0 < found["until the mark"]


UNDER_WAY = loss_memif.UNDER_WAY
A, B = loss_memif.LOST, loss_memif.OTHER
MARKS = [  # numbers that are missing, from the plug on; how many before, until and since the mark
    ("none", [], (0, 0, 0)), ("in the rings", [-UNDER_WAY, -2, 10], (0, 3, 0)), ("long before", [-UNDER_WAY - 2], (1, 0, 0)),
    ("the last before it", [18], (0, 1, 0)), ("the next after it", [22], (0, 0, 1)), ("of the other way", [21], (0, 0, 1))]


@pytest.mark.parametrize("what, missing, lost", MARKS, ids=[row[0] for row in MARKS])
def test_what_is_lost_since_the_mark(what, missing, lost):
    """Even numbers are of the flow whose way is lost; they come by the other from the 20th packet on after the plug."""
    plug, total = 2 * UNDER_WAY, 4 * UNDER_WAY
    way = bytearray(B if number % 2 or number >= plug + 20 else A if number < plug else 0 for number in range(total))
    for number in missing:
        way[plug + number] = 0
    found = loss_memif.marked(plug * 1000, range(0, total * 1000, 1000), way, 2, [plug + number for number in missing])
    assert found["mark"] == plug + 20 and found["mark_ms"] == 0.02
    assert tuple(found[f"lost_{when}"] for when in ("before", "until_mark", "since_mark")) == lost


@pytest.mark.parametrize("words, why", [
    (["loss", "--events", "link,nonesuch"], "'nonesuch' is none of " + ",".join(loss.AFTER_S)), (["latency", "--known", "many"], "'many' is no number"),
    (["loss", "--load", "memif", "--events", "arp"], "arp is none of " + ",".join(loss_memif.EVENTS)),
    (["record", "forward", "nonesuch"], "'nonesuch' is none of forward,"), (["bgp", "--rivals", "quagga"], "'quagga' is none of null,bird")])
def test_what_there_is_not(words, why):
    done = perf(*words)
    assert done.returncode == 2 and why in done.stderr


def test_rows_of_forwarding():
    """Each size, each kind of flows, table, ECMP and churn, by one egress port and by two."""
    for egress in (1, 2):
        rows = [row for row in forward.ROWS if row.egress == egress]
        assert {(row.size, row.ip6) for row in rows} == {(size, ip6) for ip6 in (False, True) for size in (66 if ip6 else 64, 128, 512, 1518, "imix")}
        assert {row.flows for row in rows} == {"single", "1k", "64k", "zipf"}
        assert {row.table for row in rows} == {"full", "2"} and {row.ecmp for row in rows} == {1, 4} and {row.churn for row in rows} == {0, 1000000}
    assert len({row.name for row in forward.ROWS}) == len(forward.ROWS)
