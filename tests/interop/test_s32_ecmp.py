"""S32, and what S03 says of flows: equal next hops share flows by their 5-tuple.

    host 10.0.1.10 ── vnet0 Bascule nva0 ──┬── nva-a, c, d, e   10.0.2.4, 10, 11, 12: played by the test (played.py)
                                           └── nva-b and more

A host of the VNet sends 1000 flows, the same in every run, and each NVA's wire shows which of them it was given.
Expected: the flows spread evenly (chi-square); none moves while the set is the same; a next hop that goes moves its own
flows alone, and has the very same back when it returns; a control that is killed and comes back moves none. With
stateful NVAs behind a default route that two of them announce, while one alone knows the destination, the other's share
fails; with a longer path at the other, or one address for both, nothing does."""

import pytest

from families import both_families, seen
from lab import wait_for
from packets import UDP, RawPort, Sniffer, addresses, carried, ethernet, ip, protocol, udp
from played import NVA_A, running_hub
from speaker import update

pytestmark = both_families
HOST, VIP = "10.0.1.10", "10.0.2.100"
NVAS = ("nva-a", "c", "d", "e")
PREFIX = "172.16.9.0/24"
FLOWS = [(20000 + 13 * i, f"172.16.9.{1 + i % 200}") for i in range(1000)]  # source port, destination
ELSEWHERE = [(port, f"10.11.0.{1 + port % 200}") for port, _ in FLOWS]
# Of as many degrees of freedom as there are next hops but one: what chance exceeds once in a million.
CHI_SQUARE = {2: 23.9, 3: 27.6, 4: 30.7}
AT_ONCE = 100  # flows under way before anybody is asked where they are: a queue of one port holds them


class Flows:
    """Sends flows from the host and sees which NVA each of them comes to."""

    def __init__(self, hub):
        self.hub, self.family = hub, hub.family
        self.raw = RawPort(hub.host, "vnet")
        self.asked = 0  # what is sent carries this number: a packet of an earlier question is no answer to this one
        self.head = hub.bascule.ports()["vnet0"]["mac"], hub.host.mac("vnet")
        self.wires = {name: Sniffer(hub.nvas[name].namespace, "nva", self.ours, keep=1 << 20) for name in NVAS}

    @staticmethod
    def ours(packet):
        return protocol(packet) == UDP and addresses(packet)[0] == HOST

    def takers(self, flows):
        """{flow: NVA}, after each has come to one. It is sent once, so none may be lost, and none come twice."""
        self.asked += 1
        tag = self.asked.to_bytes(4, "big")
        seen = {name: len(wire.packets) for name, wire in self.wires.items()}
        takers = {}

        def arrived(part):
            for name, wire in self.wires.items():
                for packet in wire.packets[seen[name]:]:
                    seen[name] += 1
                    datagram = carried(packet)
                    flow = int.from_bytes(datagram[:2], "big"), addresses(packet)[1]
                    if datagram[8:12] == tag:
                        assert flow not in takers, f"{flow} came to {takers[flow]} and {name}"
                        takers[flow] = name
            return all(flow in takers for flow in part)

        for at in range(0, len(flows), AT_ONCE):
            part = flows[at:at + AT_ONCE]
            for port, destination in part:
                packet = ip(self.family, HOST, destination, udp(port, 53, tag))
                self.raw.send(ethernet(*self.head, packet, self.family.ethertype))
            wait_for(lambda part=part: arrived(part), "flows at the NVAs")
        return takers

    def close(self):
        self.raw.close()
        for wire in self.wires.values():
            wire.close()


@pytest.fixture(scope="module")
def shared_hub():
    with running_hub(nvas=NVAS[1:], both=True) as hub:
        hub.host = hub.lab.namespace("host")
        hub.host.join(hub.lab.lans["vnet"], "vnet", f"{HOST}/24")
        for name in NVAS:
            hub.nvas[name].establish()
        yield hub


@pytest.fixture(scope="module")
def hub(shared_hub, family):
    return seen(shared_hub, family)


@pytest.fixture(scope="module")
def flows(hub):
    flows = Flows(hub)
    yield flows
    flows.close()


def wait_next_hops(hub, prefix, *next_hops):
    """Until packets to the prefix have these, each once."""
    def now():
        row = hub.bascule.fib("vnet").get(prefix)
        return sorted(hop["gateway"] for hop in row["next_hops"]) if row else []

    wait_for(lambda: now() == sorted(next_hops), f"{prefix} by {next_hops}")


def share(hub, prefix, *nvas, **options):
    """These NVAs announce it, in this order."""
    for n, name in enumerate(nvas, 1):
        hub.nvas[name].announce([prefix], **options)
        wait_next_hops(hub, prefix, *(hub.nvas[nva].address for nva in nvas[:n]))


def withdraw(hub, prefix, *nvas):
    for name in nvas:
        hub.nvas[name].withdraw([prefix])
    wait_next_hops(hub, prefix)


def chi_square(takers, nvas):
    expected = len(takers) / len(nvas)
    given = [sum(taker == nva for taker in takers.values()) for nva in nvas]
    return sum((n - expected) ** 2 / expected for n in given)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_s32_flows_spread_and_move_only_with_their_next_hop(hub, flows, n):
    nvas = NVAS[:n]
    share(hub, PREFIX, *nvas)
    before = flows.takers(FLOWS)
    assert chi_square(before, nvas) < CHI_SQUARE[n]
    assert flows.takers(FLOWS) == before  # S03: none moves while the set is the same
    for name in nvas:
        rest = [nva for nva in nvas if nva != name]
        hub.nvas[name].withdraw([PREFIX])
        wait_next_hops(hub, PREFIX, *(hub.nvas[nva].address for nva in rest))
        without = flows.takers(FLOWS)
        assert {flow for flow in before if without[flow] != before[flow]} == {f for f in before if before[f] == name}
        assert set(without.values()) == set(rest)
        hub.nvas[name].announce([PREFIX])
        wait_next_hops(hub, PREFIX, *(hub.nvas[nva].address for nva in nvas))
        assert flows.takers(FLOWS) == before
    withdraw(hub, PREFIX, *nvas)


def test_s32_other_routes_move_nothing(hub, flows):
    share(hub, PREFIX, "nva-a", "c")
    before = flows.takers(FLOWS)
    share(hub, "172.17.0.0/16", "c", "d", "nva-a")
    hub.nvas["c"].withdraw(["172.17.0.0/16"])
    wait_next_hops(hub, "172.17.0.0/16", NVA_A, hub.nvas["d"].address)
    assert flows.takers(FLOWS) == before
    withdraw(hub, "172.17.0.0/16", "nva-a", "d")
    withdraw(hub, PREFIX, "nva-a", "c")


def test_s32_half_of_the_flows_fail_at_an_nva_that_does_not_know_the_way(hub, flows):
    # A alone has the tunnel to 10.11.0.0/24: what comes to C is lost.
    share(hub, "0.0.0.0/0", "nva-a", "c")
    lost = [nva for nva in flows.takers(ELSEWHERE).values() if nva == "c"]
    assert abs(len(lost) - 500) < 5 * (1000 * 0.25) ** 0.5  # five standard deviations
    # Its longer path takes C out: nothing is lost.
    hub.nvas["c"].announce(["0.0.0.0/0"], path=[65001, 65001])
    wait_next_hops(hub, "0.0.0.0/0", NVA_A)
    assert set(flows.takers(ELSEWHERE).values()) == {"nva-a"}
    withdraw(hub, "0.0.0.0/0", "nva-a", "c")


def test_s32_one_address_for_both_keeps_flows_together(hub, flows):
    # The address is A's now, and both announce it: each flow comes to one place, as its answers do.
    hub.nvas["nva-a"].namespace.address("nva", f"{VIP}/24")
    for name in ("nva-a", "c"):
        hub.nvas[name].announce(["0.0.0.0/0"], next_hop=VIP)
    wait_for(lambda: len(hub.bascule.routes().get("0.0.0.0/0", [])) == 2, "both paths")
    wait_next_hops(hub, "0.0.0.0/0", VIP)
    assert set(flows.takers(ELSEWHERE).values()) == {"nva-a"}
    withdraw(hub, "0.0.0.0/0", "nva-a", "c")


def test_s32_a_new_control_moves_no_flow(hub, flows):
    share(hub, PREFIX, *NVAS)
    before = flows.takers(FLOWS)
    published = hub.bascule.summary()["fib"]["published"]
    hub.bascule.control.kill()
    assert flows.takers(FLOWS) == before
    for name in NVAS:
        hub.nvas[name].connection.close()
    hub.bascule.start_control()
    for name in reversed(NVAS):  # in another order than before
        nva = hub.nvas[name].establish()
        nva.announce([PREFIX])
        nva.connection.send(update())  # End-of-RIB
    wait_for(lambda: hub.bascule.summary()["fib"]["published"] > published, "the new tables", 60)
    wait_next_hops(hub, PREFIX, *(hub.nvas[name].address for name in NVAS))
    assert flows.takers(FLOWS) == before
