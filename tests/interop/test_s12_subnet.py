"""S12: a gateway given as a subnet. Whoever comes from it with the right AS number is an instance; gateways are
replaced without a change of the configuration. The instances are ExaBGP's (hub.py), and so are those that come in
their place."""

import pytest

from daemons import Exabgp, Neighbor
from hub import ER, SPEAKERS, running_hub
from networks import ASN, er_address

ONPREM = "10.20.0.0/16"


def configure(config):
    gateway = config["gateways"][0]
    del gateway["addresses"]
    gateway.update(subnet="10.0.255.32/28", max_instances=2)


@pytest.fixture(scope="module")
def hub():
    with running_hub("test_s12_subnet", configure, peers=[peer for peer, *_ in SPEAKERS.values()]) as hub:
        hub.bascule.exchange(True)
        yield hub


def instance(hub, last, asn=ASN):
    """One more machine in the gateway's subnet; not started."""
    namespace = hub.bascule.namespace.lab.namespace(f"er{last}")
    namespace.join(hub.bascule.namespace.lab.lans["er"], "er", f"10.0.255.{last}/28")
    return Exabgp(namespace, asn, f"10.0.255.{last}", [Neighbor(er_address(), ASN)])


def addresses(hub):
    return {name: peer["address"] for name, peer in hub.bascule.peers().items()
            if name.startswith("ergw/") and peer["state"] == "Established"}


def test_s12_instances_come_and_are_replaced(hub):
    others = {name: mark for name, mark in hub.sessions().items() if name != "ergw"}
    assert addresses(hub) == {"ergw/0": ER}
    waiting = hub.bascule.peers()["ergw/1"]
    assert waiting["address"] == "" and waiting["subnet"] == "10.0.255.32/28"

    second = instance(hub, 40)
    second.start()
    hub.wait("the second", lambda: addresses(hub) == {"ergw/0": ER, "ergw/1": "10.0.255.40"})
    for gateway in (hub.er, second):
        gateway.announce(ONPREM, 12076, 65020)
    hub.wait("both in use", lambda: hub.next_hops(ONPREM) == {ER, "10.0.255.40"})

    # A third finds both places taken; when one has gone, it gets that.
    third = instance(hub, 41)
    third.start()
    hub.wait("the refusal", lambda: "connection from 10.0.255.41 refused" in hub.bascule.control.log())
    assert addresses(hub) == {"ergw/0": ER, "ergw/1": "10.0.255.40"}
    hub.er.kill()
    hub.wait("the third in the first's place", lambda: addresses(hub).get("ergw/0") == "10.0.255.41", seconds=60)
    third.announce(ONPREM, 12076, 65020)
    hub.wait("both in use", lambda: hub.next_hops(ONPREM) == {"10.0.255.40", "10.0.255.41"})
    assert hub.told("nva-a")[ONPREM].as_path == (ASN, 12076, 65020)
    assert {name: mark for name, mark in hub.sessions().items() if name != "ergw"} == others

    # It comes back where it had been, and a reload moves nobody.
    session = third.session(er_address())
    hub.reload()
    hub.wait("as before", lambda: addresses(hub) == {"ergw/0": "10.0.255.41", "ergw/1": "10.0.255.40"})
    assert third.session(er_address()) == session
    second.kill()
    hub.wait("its end", lambda: hub.next_hops(ONPREM) == {"10.0.255.41"})
    second.start()
    hub.wait("its return", lambda: addresses(hub) == {"ergw/0": "10.0.255.41", "ergw/1": "10.0.255.40"}, seconds=60)
    second.kill()


def test_s12_another_as_is_no_instance(hub):
    stranger = instance(hub, 42, asn=65009)
    stranger.start()
    hub.wait("the refusal", lambda: "peer AS 65009" in hub.bascule.peer("ergw/1")["last_error"])
    assert "10.0.255.42" not in addresses(hub).values()
    stranger.kill()
