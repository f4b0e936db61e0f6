"""S21: one instance goes, the other does not notice; peers that treat the two differently raise an alarm.

Topology: pair.py. A is played by the test and carries the host 172.16.1.10; B is ExaBGP. A host in the spoke sends
through instance 1. Expected when instance 0 stops and returns: instance 1 keeps its sessions, FIB and packets, tells
its peers nothing new, so that both still have the VNets by it, and raises partner_unreachable alone. When A leaves
instance 1, B announces a route to instance 0 alone and the switch is moved at instance 0 alone: each has its own view,
and alarms name the three until they are cured. Azure programs the union of both instances; Bascule's each forward by
what they learned themselves."""

import ipaddress

import pytest

from lab import wait_for
from pair import A, B, HUB, SPOKE, US, running_pair
from traffic import UdpFlow

NEXT_HOP = 3  # the attribute's type code
BEHIND_A, HOST_A, ONE_SIDED = "172.16.1.0/24", "172.16.1.10", "172.16.9.0/24"


@pytest.fixture(scope="module")
def pair():
    with running_pair("test_s21_instance_loss", a=None) as pair:
        pair.a.namespace.host_address(HOST_A)
        pair.host = pair.spoke_host("host", "10.4.0.11", 1)
        pair.a.announce(BEHIND_A)
        for i, bascule in enumerate(pair.bascules):
            wait_for(lambda i=i: pair.next_hops(i, "vnet", BEHIND_A) == [{A}], "A's route")
            wait_for(lambda b=bascule: b.summary()["settled"], "a settled start")
        yield pair


def marks(bascule):
    """What a session that moved, or a peer that was told anything, would change."""
    return {name: (row["established"], row["tx_updates"]) for name, row in
            ((name, bascule.peer(name)) for name in ("nva-a", "nva-b"))}


def test_one_stops_and_returns(pair):
    gone, survivor = pair.bascules
    for us in US:
        pair.a.hear_end(us)
    # B is told the same, and there is no more to come.
    wait_for(lambda: survivor.peer("nva-b")["tx_updates"] == survivor.peer("nva-a")["tx_updates"], "all that B is told")
    before, fib = marks(survivor), survivor.fib("vnet")
    with UdpFlow(pair.host, "10.4.0.11", pair.a.namespace, HOST_A) as flow:
        flow.wait_more(200)
        assert gone.stop() == (0, 0)
        alarm = wait_for(lambda: pair.alarms(1, "partner_unreachable"), "the alarm")
        assert alarm[None].startswith(f"{gone.name} does not answer: ")
        told = pair.b.received(US[1])
        assert {told[vnet].next_hop for vnet in (HUB, SPOKE)} == {US[1]}
        wait_for(lambda: not pair.b.received(US[0]), "the end of what the other had told B")
        told = pair.a.table(US[1])
        assert {told[vnet][NEXT_HOP] for vnet in (HUB, SPOKE)} == {ipaddress.ip_address(US[1]).packed}
        assert survivor.run("show", "partner", check=False).returncode == 1
        flow.wait_more(200)
        gone.start()
        pair.a.connect(US[0])
        pair.a.announce(BEHIND_A, to=US[:1])
        gone.wait_established()
        wait_for(lambda: gone.summary()["settled"] and pair.next_hops(0, "vnet", BEHIND_A) == [{A}], "its return")
        wait_for(lambda: not pair.alarms(1, "partner_unreachable"), "the alarm's end")
        flow.wait_more(200)
    assert flow.lost == [] and flow.doubled == [], survivor.losses()
    assert marks(survivor) == before and survivor.fib("vnet") == fib
    said = [event["text"] for event in pair.events(1, "alarm")]
    assert [text.split(":")[0] for text in said] == ["raised", "cleared"] and "does not answer" in said[0]


def test_peers_that_treat_the_instances_differently(pair):
    first, second = pair.bascules
    pair.a.disconnect(US[1])
    pair.b.announce(ONE_SIDED, to=US[0])
    first.exchange(True)
    wait_for(lambda: ONE_SIDED in first.routes() and BEHIND_A not in second.routes(), "both views")
    assert second.cli("show", "routes", "--peer", "nva-a", "--learned") == []
    assert ONE_SIDED not in second.routes()
    wait_for(lambda: pair.next_hops(0, "vnet", BEHIND_A, ONE_SIDED) == [{A}, {B}], "both in the first's FIB")
    wait_for(lambda: pair.next_hops(1, "vnet", BEHIND_A, ONE_SIDED) == [set(), set()], "neither in the second's")

    wait_for(lambda: all(set(pair.alarms(i, "peer_asymmetric")) == {"nva-a", "nva-b"}
                         and pair.alarms(i, "partner_differs") for i in (0, 1)), "the alarms")
    here, there = pair.alarms(0, "peer_asymmetric"), pair.alarms(1, "peer_asymmetric")
    assert here["nva-a"].startswith("up here, ") and there["nva-a"].endswith(f", up at {first.name}")
    assert here["nva-b"] == f"announces other routes to us (1) than to {second.name} (0)"
    assert pair.alarms(0, "partner_differs") == {None: f"route exchange is on here, off at {second.name}"}

    rows = {row["name"]: row for row in second.cli("show", "partner")}
    assert (rows["nva-a"]["verdict"], rows["nva-a"]["alarm"]) == ("up there only", True)
    row = rows["nva-b"]
    assert (row["learned"], row["learned_there"], row["verdict"]) == (0, 1, "other routes")
    assert second.cli("show", "partner", "nva-b") == [{"prefix": ONE_SIDED, "as_path_there": "65002"}]
    assert first.cli("show", "partner", "nva-b") == [{"prefix": ONE_SIDED, "as_path": "65002"}]

    first.exchange(False)
    pair.a.connect(US[1])
    pair.a.announce(BEHIND_A, to=US[1:])
    pair.b.announce(ONE_SIDED, to=US[1])
    for i in (0, 1):
        wait_for(lambda i=i: not pair.alarms(i, "peer_asymmetric") and not pair.alarms(i, "partner_differs"),
                 "their end")
        raised = [event["text"].split(":")[0] for event in pair.events(i, "alarm") if event.get("peer") == "nva-b"]
        assert raised == ["raised", "cleared"]
    assert first.cli("show", "partner", "nva-b") == second.cli("show", "partner", "nva-b") == []


def test_a_reload_names_the_partner(pair):
    first, second = pair.bascules
    del first.config["instance"]["partner"]
    first.write_config()
    first.run("reload")
    refused = first.run("show", "partner", check=False)
    assert refused.returncode == 1 and "no partner is configured" in refused.stderr
    wait_for(lambda: "partner" not in first.summary(), "no partner")
    first.config["instance"]["partner"] = f"/run/bascule/{second.name}/control.sock"
    first.write_config()
    first.run("reload")
    wait_for(lambda: first.summary().get("partner", {}).get("answers"), "an answer")
    assert first.summary()["partner"]["instance"] == second.name
    header, *rows = first.run("show", "partner").stdout.splitlines()
    assert header.split() == ["PEER", "ADDRESS", "HERE", "LEARNED", "THERE", "LEARNED", "VERDICT", "ALARM"]
    assert rows[0].split() == ["nva-a", A, "Established", "1", "Established", "1", "same", "no"]
