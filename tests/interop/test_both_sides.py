"""A failed test shows what each peer was told beside what it received (both_sides.py, conftest.py).

Topology: hub.py, every announcement is ExaBGP's. Expected: both sides of every session are the same, with and
without routes of others; what a daemon says otherwise is found and told, by the report of a failed test too."""

import os
import subprocess
import sys
from pathlib import Path

import both_sides
from daemons import Route

PREFIX = "172.16.1.0/24"
FAILING = """
import pytest
from daemons import Route

class Bascule:
    name = "rs"
    def cli(self, *words):
        return [{"prefix": "10.0.0.0/16", "as_path": "65515", "next_hop": "10.0.2.1", "communities": []}]

class Daemon:
    name = "BIRD nva"
    def received(self, us):
        return {"10.4.0.0/16": Route("10.4.0.0/16", us, (65515,))}

class Lab:
    def both_sides(self):
        return [(Bascule(), "nva-a", Daemon(), "10.0.2.1")]

@pytest.fixture
def net():
    return Lab()

def test_that_fails(net):
    assert False
"""


def test_both_sides_are_the_same(hub):
    hub.a.announce(PREFIX, 65001, communities=["65001:7"], med=50)
    hub.settle()
    for _, peer, speaker, us in hub.both_sides():
        here = both_sides.ours(hub.bascule, peer)
        assert here == both_sides.theirs(speaker.received(us)) and (PREFIX in here) == (speaker != hub.a)


def test_what_differs_is_found_and_told(hub, monkeypatch):
    hub.a.announce(PREFIX, 65001)
    hub.settle()
    assert both_sides.differences(hub) == {}
    told = hub.told("nva-b")
    other = {**told, PREFIX: Route(PREFIX, "10.0.2.9", (65515, 65001), ("65517:65517",))}
    monkeypatch.setattr(hub.b, "received", lambda us: other)
    assert both_sides.differences(hub) == {(hub.bascule.name, "nva-b"): [PREFIX]}
    assert (f"  {PREFIX}  told [65515 65001] by 10.0.2.1 (65517:65517),"
            " received [65515 65001] by 10.0.2.9 (65517:65517)") in both_sides.tell(hub)
    monkeypatch.undo()


def test_a_failed_test_shows_both_sides(tmp_path):
    (tmp_path / "test_failing.py").write_text(FAILING)
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", tmp_path],
                          cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for line in ("what peers have been told and have received", "rs nva-a, BIRD nva: 1 told, 1 received, 2 differ",
                 "10.0.0.0/16  told [65515] by 10.0.2.1 (), received nothing",
                 "10.4.0.0/16  told nothing, received [65515] by 10.0.2.1 ()"):
        assert line in done.stdout, done.stdout
