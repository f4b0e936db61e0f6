"""S34, the sizes: 8 NVAs, 4000 routes each, two gateways of two instances, 500 peered VNets.

    8 NVAs  AS 65001..65008, 10.0.2.11..18 ──── nva0 ┐         ┌ er0 ──── ergw/0, ergw/1    10.0.255.36, .37
                                                     │ Bascule │
    10.0.0.0/16 and 500 peered /24s ─────────── vnet0┘  65515  └ vpn0 ─── vpngw/0, vpngw/1  10.0.255.4, .5

nva-1 is BIRD, ergw/0 FRR; every other peer is played by the test (played.py), and what it is told is read off the wire.
Exchange is on. Expected: the NVAs are told all VNets; 32,000 routes are in every view and told to everybody but who
announced them; the end of one session takes its own 4000 out, everywhere, and nothing else. How long that takes is not
judged here."""

import contextlib
import json
from types import SimpleNamespace

import pytest

from bascule import Bascule
from daemons import Bird, Frr, Neighbor
from lab import Lab, wait_for
from networks import ASN, ERGW, VPNGW, er_address, instance_config, vpn_address
from played import Nva, prefixes

NVAS = {f"nva-{i}": prefixes(4000, f"{20 + i}.0.0.0") for i in range(1, 9)}
ROUTES = set().union(*NVAS.values())
SPOKES = prefixes(500, "100.64.0.0")
VNETS = {"10.0.0.0/16", *SPOKES}
VIEWS = ("expressroute", "vpn", "nva", "vnet")


class BirdNva(Nva):
    """It announces all of its routes from its start."""

    def establish(self):
        self.connection = Bird(self.namespace, self.asn, self.address, [Neighbor(self.us, ASN, multihop=True)],
                               NVAS[self.name])
        self.connection.start()
        self.hub.bascule.wait_established(self.name)

    def told(self):
        self._told = set(self.connection.received(self.us))
        return self._told


class FrrGateway(Nva):
    def establish(self):
        self.connection = Frr(self.namespace, self.asn, self.address, [Neighbor(self.us, ASN)])
        self.connection.start()
        self.hub.bascule.wait_established(self.name)

    def told(self):
        show = f"show bgp ipv4 unicast neighbors {self.us} received-routes json"
        shown = self.namespace.run("vtysh", "--vty_socket", self.connection.dir, "-c", show).stdout
        self._told = set(json.loads(shown).get("receivedRoutes", {}))
        return self._told


def scale_config():
    config = instance_config()
    config["exchange"]["enabled"] = True
    config["vnet"] += [{"prefix": spoke, "port": "vnet0", "peered": True} for spoke in SPOKES]
    ergw, vpngw = config["gateways"]
    ergw.update(addresses=[ERGW, "10.0.255.37"], passive=True)
    vpngw.update(passive=True)
    config["peers"] = [{"name": name, "address": f"10.0.2.{10 + i}", "asn": 65000 + i, "multihop": True, "passive": True}
                       for i, name in enumerate(NVAS, 1)]
    return config


@contextlib.contextmanager
def running():
    with Lab() as lab:
        namespace = lab.namespace("rs")
        for lan in ("er", "vpn", "nva", "vnet"):
            namespace.join(lab.lan(lan), f"{lan}0")
            namespace.keep_kernel_off(f"{lan}0")
        hub = SimpleNamespace(lab=lab, bascule=Bascule(namespace, "a", scale_config()))
        hub.nvas = {peer["name"]: (BirdNva if peer["name"] == "nva-1" else Nva)(
            hub, peer["name"], peer["address"], peer["asn"]) for peer in hub.bascule.config["peers"]}
        hub.gateways = [kind(hub, f"ergw/{i}", address, ASN, "er", er_address())
                        for i, (kind, address) in enumerate(((FrrGateway, ERGW), (Nva, "10.0.255.37")))]
        hub.gateways += [Nva(hub, f"vpngw/{i}", address, ASN, "vpn", vpn_address()) for i, address in enumerate(VPNGW)]
        hub.bascule.start()
        for peer in (*hub.nvas.values(), *hub.gateways):
            peer.establish()
        yield hub


@pytest.fixture(scope="module")
def hub():
    with running() as hub:
        yield hub


def wait_told(hub, routes):
    """Everybody that is here has exactly these routes, but its own, and the VNets; and so have all views."""
    for peer in (*hub.nvas.values(), *hub.gateways):
        expected = VNETS | routes - set(NVAS.get(peer.name, ()))
        if peer.connection:
            peer.wait_told(expected, 60)
            assert peer.row()["advertised"] == len(expected)
    wait_for(lambda: {view["view"]: view["routes"] for view in hub.bascule.summary()["fib"]["views"]}
             == dict.fromkeys(VIEWS, len(VNETS | routes)), "the same in all views")


def test_s34_500_peered_vnets_are_told_to_8_nvas(hub):
    wait_told(hub, set(NVAS["nva-1"]))


def test_s34_32000_routes_and_the_end_of_one_peer(hub):
    for name, nva in hub.nvas.items():
        if name != "nva-1":
            nva.announce(NVAS[name])
    wait_told(hub, ROUTES)
    assert hub.bascule.summary()["paths"] == len(ROUTES | VNETS)
    # Those that the tests play have no hold time, which is an alarm of its own.
    assert {alarm["kind"] for alarm in hub.bascule.summary()["alarms"]} <= {"hold_time"}

    established = {name: row["established"] for name in hub.bascule.peers() for row in [hub.bascule.peer(name)]}
    hub.nvas["nva-8"].close()
    wait_told(hub, ROUTES - set(NVAS["nva-8"]))
    assert {name: hub.bascule.peer(name)["established"] for name in established} == established
    assert sorted(name for name, row in hub.bascule.peers().items() if row["state"] != "Established") == ["nva-8"]

    # It comes back, with a part of what it had.
    hub.nvas["nva-8"].establish().announce(NVAS["nva-8"][:1000])
    wait_told(hub, ROUTES - set(NVAS["nva-8"][1000:]))
