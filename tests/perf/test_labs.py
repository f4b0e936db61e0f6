"""Small runs of what tools/perf does in laboratories: every kind of row gives its figures."""

import json
import re

import pytest

import bgp
import forward
import loss
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


@pytest.mark.parametrize("words, why", [
    (["loss", "--events", "link,nonesuch"], "'nonesuch' is none of " + ",".join(loss.AFTER_S)), (["latency", "--known", "many"], "'many' is no number"),
    (["record", "forward", "nonesuch"], "'nonesuch' is none of forward,"), (["bgp", "--rivals", "quagga"], "'quagga' is none of null,bird")])
def test_what_there_is_not(words, why):
    done = perf(*words)
    assert done.returncode == 2 and why in done.stderr


def test_rows_of_forwarding():
    """Each size, each kind of flows, table, ECMP and churn, by one egress port and by two."""
    for egress in (1, 2):
        rows = [row for row in forward.ROWS if row.egress == egress]
        assert {row.size for row in rows} == {64, 128, 512, 1518, "imix"}
        assert {row.flows for row in rows} == {"single", "1k", "64k", "zipf"}
        assert {row.table for row in rows} == {"full", "2"} and {row.ecmp for row in rows} == {1, 4} and {row.churn for row in rows} == {0, 1000000}
    assert len({row.name for row in forward.ROWS}) == len(forward.ROWS)
