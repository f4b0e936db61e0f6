"""BGP over IPv6: IPv4 routes by sessions with addresses of IPv6, with a key (RFC 2385) and a TTL (RFC 5082).

    BIRD ::10, key and TTL ──┬ nva0  Bascule  vnet0
    OpenBGPD ::13 ───────────┘ its routes are not looked at
"""

import types

import pytest

from bascule import Bascule
from daemons import Bird, Neighbor, Openbgpd
from lab import named_lab, wait_for
from networks import ASN, VNET

KEY = "a-key-of-RFC-2385"
US4, US = "10.0.2.1", "2001:db8:2::1"
PEERS = {  # daemon, its address, the last number of its IPv4 one, and what the session asks for beside
    "bird": (Bird, "2001:db8:2::10", 10, {"password": KEY, "ttl_security": 1}),
    "openbgpd": (Openbgpd, "2001:db8:2::13", 13, {}),
}


def config(key):
    peers = []
    for name, (_, address, number, options) in PEERS.items():
        peer = {"name": name, "address": address, "asn": 65000 + number, "families": ["ipv4"]}
        if "password" in options:
            # it calls: who is called first by us would not send the SYN that is to be refused
            peer |= {"password_file": str(key), "ttl_security": 1, "passive": True}
        peers.append(peer)
    return {
        "instance": {"asn": ASN, "router_id": US4},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 512, "ports": [
            {"name": "nva0", "role": "nva", "addresses": [f"{US4}/24", f"{US}/64"]},
            {"name": "vnet0", "role": "vnet", "addresses": ["10.0.1.4/24"]}]},
        "control": {"lcores": [1]},
        "vnet": [{"prefix": VNET, "port": "vnet0"}],
        "peers": peers,
    }


@pytest.fixture(scope="module")
def net():
    with named_lab(__name__) as lab:
        net = types.SimpleNamespace(lab=lab, rs=lab.namespace("rs"), peers={})
        for lan in ("nva", "vnet"):
            net.rs.join(lab.lan(lan), f"{lan}0")
            net.rs.keep_kernel_off(f"{lan}0")
        for name, (_, address, number, _) in PEERS.items():
            net.peers[name] = lab.namespace(name)
            net.peers[name].join(lab.lans["nva"], "eth0", f"10.0.2.{number}/24", f"{address}/64")
        key = lab.dir / "key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o600)
        net.bascule = Bascule(net.rs, "a", config(key))
        net.bascule.start()
        yield net


def daemon(net, name, **others):
    kind, _, number, options = PEERS[name]
    return kind(net.peers[name], 65000 + number, f"10.0.2.{number}", [Neighbor(US, ASN, **(options | others))],
                networks=[f"192.0.{number}.0/24"])


@pytest.mark.parametrize("name", PEERS)
def test_ipv4_routes_by_a_session_over_ipv6(net, name):
    _, address, number, _ = PEERS[name]
    peer = daemon(net, name)
    peer.start()
    try:
        net.bascule.wait_established(name)
        shown = net.bascule.peer(name)
        assert shown["address"] == address and shown["local_address"] == US
        wait_for(lambda: VNET in peer.received(US), "the VNet's route")
        assert peer.received(US)[VNET].next_hop == US4
        if name == "bird":
            wait_for(lambda: f"192.0.{number}.0/24" in net.bascule.fib("vnet"), "its route in the FIB")
    finally:
        peer.stop()
    wait_for(lambda: not net.bascule.established(name), "end of the session")


@pytest.mark.parametrize("without", ("password", "ttl_security"))
def test_who_lacks_what_is_asked_for_is_nobody(net, without):
    peer = daemon(net, "bird", **{without: type(PEERS["bird"][3][without])()})
    peer.start()
    try:
        if without == "ttl_security":
            wait_for(lambda: "its SYN came with TTL 1, ttl_security = 1 asks for 255"
                     in net.bascule.peer("bird")["last_error"], "a refusal")
        else:
            lines = wait_for(lambda: md5_missing(net), "a segment without the key dropped")
            assert lines
        assert not peer.session(US) and not net.bascule.established("bird")
    finally:
        peer.stop()


def test_what_the_kernel_will_not_do_is_told_once(net):
    """Newer kernels ask CAP_NET_ADMIN of who filters what comes to a TCP socket. To ask again would not help."""
    lines = [line for line in net.bascule.control.log().splitlines() if "ttl_security holds" in line]
    assert len(lines) <= 1 and all("CAP_NET_ADMIN" in line for line in lines)


def md5_missing(net):
    """Segments that our kernel dropped for want of a signature."""
    lines = net.rs.run("cat", "/proc/net/netstat").stdout.splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        row = dict(zip(names.split(), values.split()))
        if "TCPMD5NotFound" in row:
            return int(row["TCPMD5NotFound"])
    return 0
