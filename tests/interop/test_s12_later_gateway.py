"""S12, a gateway that is created later is attached by itself, and is no NVA.

Topology: played.py with profile azure and as many NVAs as that allows, 8: seven that the test plays, and BIRD.
Every session is up and exchange is on when the configuration gets one more ExpressRoute gateway, and only that; the
gateway, 10.0.255.38, is ExaBGP. Expected: a ninth NVA is refused, the gateway is not. Its session comes up with the
role of its gateway and learns and tells like the others'; the NVAs are the same 8 as before, and no session moves."""

import pytest

from daemons import Exabgp, Neighbor
from lab import wait_for
from played import ASN, US, US_ER, VNET, running_hub

NVAS = ["nva-c", "nva-d", "nva-e", "nva-f", "nva-g", "nva-h"]  # beside A, which is played too, and B
GATEWAY, PEER, NETWORK = "10.0.255.38", "ergw2/0", "10.21.0.0/16"


@pytest.fixture(scope="module")
def hub():
    with running_hub(configure=lambda config: config["instance"].update(profile="azure"), nvas=NVAS) as hub:
        for nva in hub.nvas.values():
            nva.establish()
        hub.nva_a.announce(["172.16.1.0/24"])
        hub.nva_a.wait_learned(1)
        yield hub


@pytest.fixture
def gateway(hub):
    namespace = hub.lab.namespace("ergw2")
    namespace.join(hub.lab.lans["er"], "er", f"{GATEWAY}/28")
    gateway = Exabgp(namespace, ASN, GATEWAY, [Neighbor(US_ER, ASN)])
    gateway.start()
    return gateway


def roles(hub):
    return {name: row["role"] for name, row in hub.bascule.peers().items()}


def established(hub):
    """How often each peer's session has come up."""
    return {name: hub.bascule.peer(name)["established"] for name in roles(hub)}


def test_s12_a_ninth_nva_is_refused(hub):
    ninth = {"name": "nva-i", "address": "10.0.2.30", "asn": 65030, "multihop": True}
    hub.bascule.config["peers"].append(ninth)
    hub.bascule.write_config()
    refusal = hub.bascule.run("reload", check=False)
    hub.bascule.config["peers"].remove(ninth)
    hub.bascule.write_config()
    assert refusal.returncode and "allowed with profile azure are 8" in refusal.stdout + refusal.stderr
    assert "nva-i" not in roles(hub)


def test_s12_a_later_gateway_is_attached(hub, gateway):
    before, sessions, alarms = roles(hub), established(hub), hub.alarms()
    assert sorted(before.values()) == ["expressroute"] + ["nva"] * 8
    hub.reconfigure(lambda config: config["gateways"].append(
        {"name": "ergw2", "role": "expressroute", "addresses": [GATEWAY]}))
    hub.bascule.wait_established(PEER)
    assert roles(hub) == {**before, PEER: "expressroute"}

    gateway.announce(NETWORK, 12076, 65020)
    wait_for(lambda: NETWORK in hub.nva_b.received(US), "the gateway's network at NVA-B")
    assert hub.nva_b.received(US)[NETWORK].as_path == (ASN, 12076, 65020)
    of_nvas = {"172.16.1.0/24", "172.16.2.0/24"}
    wait_for(lambda: set(gateway.received(US_ER)) == {VNET, *of_nvas}, "the NVAs' routes at the gateway")
    assert established(hub) == {**sessions, PEER: 1} and hub.alarms() == alarms
