"""What a single peer may ask of its session: a password, a community that keeps its routes at home."""

import pytest

from daemons import Bird, Exabgp, Frr, Gobgp, Neighbor
from lab import wait_for
from networks import ASN, BRANCH, ONPREM1, ONPREM2, VNET, nva_address

US = nva_address()
KEY = "a key of RFC 2385"
MD5 = {
    "md5-bird": (Bird, "10.0.2.10", 65010),
    "md5-frr": (Frr, "10.0.2.11", 65011),
    "md5-gobgp": (Gobgp, "10.0.2.13", 65013),
}
EXABGP = "10.0.2.12"


def configure(config, lab):
    key = lab.dir / "nva.key"
    key.write_text(KEY.replace(" ", "-"))
    key.chmod(0o600)
    config["peers"] += [{"name": name, "address": address, "asn": asn, "multihop": True, "password_file": str(key)}
                        for name, (_, address, asn) in MD5.items()]
    config["peers"].append({"name": "exabgp", "address": EXABGP, "asn": 65012, "multihop": True})


NETWORKS = {"configure": configure}


@pytest.fixture(scope="module")
def appliances(net):
    return {address: net.appliance(f"nva{address.rpartition('.')[2]}", f"{address}/24")
            for address in (EXABGP, *(address for _, address, _ in MD5.values()))}


@pytest.mark.parametrize("name", MD5)
def test_md5(net, undisturbed, appliances, name):
    daemon, address, asn = MD5[name]

    def speaker(password):
        return daemon(appliances[address], asn, address, [Neighbor(US, ASN, password=password, multihop=True)])

    for password in ("", "wrong"):
        peer = speaker(password)
        before = tcp_md5_failures(net)
        peer.start()
        wait_for(lambda b=before: tcp_md5_failures(net) > b, f"a segment with password {password!r} dropped")
        assert not peer.session(US) and not net.bascule.established(name)
        peer.stop()
    peer = speaker(KEY.replace(" ", "-"))
    peer.start()
    net.bascule.wait_established(name, seconds=60)
    wait_for(lambda: peer.prefixes(US) == [VNET], "the VNet's route")
    peer.stop()
    wait_for(lambda: not net.bascule.established(name), "end of the session")


def tcp_md5_failures(net):
    """Segments that our kernel dropped for a missing, unexpected or wrong signature."""
    lines = net.bascule.namespace.run("cat", "/proc/net/netstat").stdout.splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        row = dict(zip(names.split(), values.split()))
        if "TCPMD5NotFound" in row:
            return sum(int(row[name]) for name in ("TCPMD5NotFound", "TCPMD5Unexpected", "TCPMD5Failure"))
    return 0


def test_communities_of_a_peer(net, undisturbed, appliances):
    net.bascule.exchange(True)
    peer = Exabgp(appliances[EXABGP], 65012, EXABGP, [Neighbor(US, ASN, multihop=True)], announcements=[
        "192.0.2.0/24 next-hop self community [65012:100]",
        "198.51.100.0/24 next-hop self community [65535:65282]",  # NO_ADVERTISE
    ])
    peer.start()
    net.bascule.wait_established("exabgp")
    wait_for(lambda: "192.0.2.0/24" in net.ergw.received("10.0.255.33"), "the route at the ExpressRoute gateway")
    assert net.ergw.received("10.0.255.33")["192.0.2.0/24"].communities == ("65012:100", "65517:65517")
    # Announced to nobody, but in use: hosts of the VNet reach it.
    wait_for(lambda: "198.51.100.0/24" in net.bascule.fib("vnet"), "the unannounced route in the FIB")
    peer.announce("203.0.113.0/24", 65012, 65012)  # what comes later has come to everybody
    wait_for(lambda: all("203.0.113.0/24" in daemon.received(address) for _, daemon, (address,) in net.bgp_peers()),
             "a later route at all")
    assert not any("198.51.100.0/24" in daemon.received(address)
                   for _, daemon, (address,) in net.bgp_peers())
    wait_for(lambda: {VNET, ONPREM1, ONPREM2, BRANCH} == set(peer.received(US)), "all routes at ExaBGP")
    peer.stop()
    wait_for(lambda: not {"192.0.2.0/24", "203.0.113.0/24"} & set(net.ergw.received("10.0.255.33")), "withdrawal")
    net.bascule.exchange(False)
    wait_for(lambda: set(net.ergw.received("10.0.255.33")) == {VNET}, "the VNet alone")
