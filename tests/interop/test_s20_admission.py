"""S20, who may be a peer: what a configuration is refused for, and what a session is.

Configurations: networks.py's with profile azure and one change each, given to `bascule config check`. Sessions: played.py; a
stranger and an NVA with the wrong AS number are the test's own speakers, and FRR plays an NVA in a peered network, a hop away
behind a router, first without and then with ebgp-multihop. Expected: one error with its place for each thing that Azure Route
Server does not take; a connection from an address that is no peer's is refused, a wrong AS number answered with NOTIFICATION 2/2;
the NVA whose packets live for one hop does not come up, and `show peers` says what is the matter."""

import re
import subprocess

import pytest

from bascule import CLI, config_text
from daemons import Frr, Neighbor
from lab import wait_for
from networks import instance_config
from played import ASN, US, running_hub
from speaker import Speaker, open_message

RESERVED = [8074, 8075, 12076, 23456, *range(64496, 64512), 65515, *range(65517, 65521), *range(65535, 65552), 70000]
ALLOWED = [1, 64495, 64512, 65514, 65516, 65521, 65534]
STRANGER = "10.0.2.66"
FAR, ROUTER = "10.7.1.5", "10.0.2.9"


# --- configurations ---------------------------------------------------------------------------------------------------

def complaints(directory, change):
    """What `config check` says of the configuration with this change: [(setting, words)]."""
    config = instance_config()
    config["instance"].update(name="rs", profile="azure")
    for index, port in enumerate(config["dataplane"]["ports"]):
        port["device"] = f"net_null{index}"
    change(config)
    path = directory / "azure.conf"
    path.write_text(config_text(config))
    done = subprocess.run([CLI, "config", "check", path], capture_output=True, text=True, check=False)
    lines = re.findall(rf"^{path}:\d+: ([a-z0-9_.-]+): (.*)$", done.stdout + done.stderr, re.M)
    assert (done.returncode, bool(lines)) in ((0, False), (2, True)), done
    return lines


def nva(number, **settings):
    return {"name": f"nva-{number}", "address": f"10.0.2.{number}", "asn": 65000 + number, "multihop": True, **settings}


def test_s20_the_ninth_nva_is_one_too_many(tmp_path):
    def nvas(count):
        return lambda config: config.update(peers=[nva(10 + i) for i in range(count)])

    assert complaints(tmp_path, nvas(8)) == []
    (place, words), = complaints(tmp_path, nvas(9))
    assert place == "peers.nva-18" and "allowed with profile azure are 8" in words


def test_s20_reserved_as_numbers(tmp_path):
    def asn(number):
        return lambda config: config["peers"][0].update(asn=number)

    for number in RESERVED:
        (place, words), = complaints(tmp_path, asn(number))
        assert place == "peers.nva-a.asn" and words.startswith(f"{number} "), number
    for number in ALLOWED:
        assert complaints(tmp_path, asn(number)) == [], number


REFUSED = {
    "a gateway with another AS number": (lambda c: c["gateways"][1].update(asn=65004), "gateways.vpngw.asn"),
    "a VPN gateway that is not active-active": (lambda c: c["gateways"][1].update(addresses=["10.0.255.4"]),
                                                "gateways.vpngw.addresses"),
    "a peer outside all networks": (lambda c: c["peers"].append(nva(9, address="192.0.2.1")), "peers.nva-9.address"),
    "a peer on the VNet's port": (lambda c: c["peers"].append(nva(9, address="10.0.1.9")), "peers.nva-9.address"),
    "a peer a hop away without multihop": (
        lambda c: (c["vnet"].append({"prefix": "10.7.0.0/16", "port": "nva0", "next_hop": ROUTER, "peered": True}),
                   c["peers"].append(nva(9, address=FAR, multihop=False))), "peers.nva-9.address"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_s20_refused(tmp_path, what):
    change, place = REFUSED[what]
    assert [complaint[0] for complaint in complaints(tmp_path, change)] == [place]


# --- sessions ---------------------------------------------------------------------------------------------------------

def configure(config):
    config["instance"]["profile"] = "azure"
    config["vnet"].append({"prefix": "10.7.0.0/16", "port": "nva0", "next_hop": ROUTER, "peered": True})
    config["peers"].append({"name": "far", "address": FAR, "asn": 65050, "multihop": True})


@pytest.fixture(scope="module")
def hub():
    with running_hub(configure=configure) as hub:
        hub.far = far_nva(hub.lab)
        yield hub


def far_nva(lab):
    """FRR behind a router, as its operator has it who forgot ebgp-multihop."""
    router, namespace = lab.namespace("router", forward=True), lab.namespace("far")
    router.join(lab.lans["nva"], "nva", f"{ROUTER}/24")
    router.join(lab.lan("far"), "far", "10.7.1.1/24")
    namespace.join(lab.lans["far"], "far", f"{FAR}/24")
    namespace.route("10.0.2.0/24", "10.7.1.1")
    daemon = Frr(namespace, 65050, FAR, [Neighbor(US, ASN)], ["172.16.50.0/24"])
    daemon.start()
    return daemon


def test_s20_a_stranger_is_refused(hub):
    namespace = hub.lab.namespace("stranger")
    namespace.join(hub.lab.lans["nva"], "nva", f"{STRANGER}/24")
    try:
        with Speaker(namespace, STRANGER, US) as connection:
            assert connection.receive() is None
    except ConnectionError:
        pass  # before it could ask
    wait_for(lambda: f"connection from {STRANGER} refused: not a configured peer" in hub.bascule.control.log(), "a line")


def test_s20_the_wrong_as_number(hub):
    nva_a = hub.nva_a
    with Speaker(nva_a.namespace, nva_a.address, US) as connection:
        connection.send(open_message(65009, nva_a.address))
        assert connection.notification() == (2, 2)
    wait_for(lambda: "peer AS 65009, configured 65001" in nva_a.row()["last_error"], "the reason")


def test_s20_without_multihop_across_subnets(hub):
    def row():
        return hub.bascule.peers()["far"]

    wait_for(lambda: "no OPEN comes (does the peer allow multihop?)" in row()["last_error"], "the reason", 60)
    assert row()["state"] != "Established" and "172.16.50.0/24" not in hub.bascule.routes()
    hub.far.stop()
    hub.far.neighbors = (Neighbor(US, ASN, multihop=True),)
    hub.far.start()
    hub.bascule.wait_established("far", seconds=60)
    wait_for(lambda: "172.16.50.0/24" in hub.bascule.fib("vnet"), "its route")
