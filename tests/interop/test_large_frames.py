"""BGP with tables of tens of thousands, and the host's other packets, across an LCP interface that carries offloads: to a
plain neighbor, to one with TCP-MD5 and GTSM (RFC 2385, 5082: what is signed is neither merged nor cut), and to one behind a way
whose MTU is smaller than both ends'."""

import re

import pytest

from bascule import Bascule
from daemons import Bird, Neighbor
from lab import named_lab, wait_for
from networks import ASN

US, ROUTER, FAR = "10.0.2.1", "10.0.2.9", "10.7.1.5"
PLAIN, SIGNED = "10.0.2.20", "10.0.2.21"
KEY = "a-key-of-the-test"
MTU, NARROW = 1500, 1300
ROUTES = 20000


class SignedBird(Bird):
    def config(self):
        return super().config().replace("password ", "ttl security on; password ")


def table(first):
    return [f"{first}.{i >> 8}.{i & 255}.0/24" for i in range(ROUTES)]


class Hub:
    def __init__(self, lab):
        rs = self.rs = lab.namespace("rs")
        rs.join(lab.lan("nva"), "nva0")
        rs.keep_kernel_off("nva0")
        key = lab.dir / "key"
        key.write_text(f"{KEY}\n")
        key.chmod(0o600)
        self.bascule = Bascule(rs, "a", {
            "instance": {"asn": ASN, "router_id": US},
            "exchange": {"enabled": True, "nva_to_nva": "always"},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900,
                          "ports": [{"name": "nva0", "role": "nva", "addresses": [f"{US}/24"]}]},
            "control": {"lcores": [1]},
            "vnet": [{"prefix": "10.7.0.0/16", "port": "nva0", "next_hop": ROUTER}],
            "peers": [
                {"name": "plain", "address": PLAIN, "asn": 65020},
                {"name": "signed", "address": SIGNED, "asn": 65021, "password_file": str(key), "ttl_security": 1},
                {"name": "far", "address": FAR, "asn": 65022, "multihop": True}]})
        self._way(lab)
        self.peers = {
            "plain": Bird(self._host(lab, "plain", f"{PLAIN}/24"), 65020, PLAIN, [Neighbor(US, ASN)], table(45)),
            "signed": SignedBird(self._host(lab, "signed", f"{SIGNED}/24"), 65021, SIGNED,
                                 [Neighbor(US, ASN, password=KEY)], table(46)),
            "far": Bird(self.far, 65022, FAR, [Neighbor(US, ASN, multihop=True)], ["172.16.7.0/24"]),
        }

    @staticmethod
    def _host(lab, name, address, lan="nva"):
        namespace = lab.namespace(name)
        namespace.join(lab.lans[lan], "eth0", address)
        return namespace

    def _way(self, lab):
        """To the far neighbor by two routers; what is between them is narrow."""
        near, behind = (lab.namespace(name, forward=True) for name in ("near", "behind"))
        lab.lan("narrow"), lab.lan("far")
        near.join(lab.lans["nva"], "eth0", f"{ROUTER}/24")
        near.join(lab.lans["narrow"], "eth1", "10.8.0.1/24", mtu=NARROW)
        behind.join(lab.lans["narrow"], "eth1", "10.8.0.2/24", mtu=NARROW)
        behind.join(lab.lans["far"], "eth0", "10.7.1.1/24")
        self.far = self._host(lab, "farpeer", f"{FAR}/24", "far")
        near.route("10.7.1.0/24", "10.8.0.2")
        behind.route("10.0.2.0/24", "10.8.0.1")
        self.far.route("default", "10.7.1.1")

    def lcp(self):
        return f"{self.bascule.name}-nva0"


@pytest.fixture(scope="module")
def hub():
    with named_lab(__name__) as lab:
        yield Hub(lab)


@pytest.fixture(scope="module")
def captured(hub):
    """What tcpdump on the LCP interface shows of the sessions, from their first SYN until all have all tables, and of more
    octets at once than one of the kernel's frames takes."""
    hub.bascule.write_config()
    hub.bascule.start_dataplane()
    wait_for(lambda: not hub.rs.run("ip", "link", "show", hub.lcp(), check=False).returncode, "the LCP interface")
    file = hub.rs.lab.dir / "lcp.pcap"
    dump = hub.rs.start("tcpdump", "tcpdump", "-U", "-s", "120", "-i", hub.lcp(), "-w", file, "tcp")
    dump.ready(lambda: file.exists() and file.stat().st_size, "capturing")
    hub.bascule.start_control()
    for peer in hub.peers.values():
        peer.start()
    hub.bascule.wait_established(seconds=60)
    for name, others in (("plain", [46]), ("signed", [45]), ("far", [45, 46])):
        wait_for(lambda n=name, o=others: _has(hub.peers[n], o), f"both tables at {name}", seconds=120)
    _send_much(hub)
    # It reads blocks of the kernel's, a while after their packets have passed, and leaves them when it is stopped.
    wait_for(lambda: any(f"{US}." in line and f" > {PLAIN}.5201: Flags [F" in line for line in _read(hub, file)), "the end of that in the capture")
    dump.stop()
    return _read(hub, file)


def _read(hub, file):
    """Also while it is written, of whose last packet a part may be there."""
    return hub.rs.run("tcpdump", "-n", "-r", file, timeout=60, check=False).stdout.splitlines()


def _send_much(hub):
    """Of BGP it depends on who has the CPU whether more than a segment waits to be sent."""
    server = hub.peers["plain"].namespace.start("iperf3-server", "iperf3", "-s", "-1", "-B", PLAIN, "--forceflush")
    server.ready(lambda: f"{PLAIN}:5201" in hub.peers["plain"].namespace.run("ss", "-Hltn").stdout, "listening")
    hub.rs.run("iperf3", "-c", PLAIN, "-B", US, "-n", "4M", timeout=60)


def _has(peer, others):
    prefixes = set(peer.received(US))
    return all(set(table(first)) <= prefixes for first in others)


def _lengths(lines, source, destination):
    ends = f" {source}.", f" > {destination}."
    return [int(re.search(r"length (\d+)", line)[1]) for line in lines if all(end in line for end in ends)]


def test_tables_cross_unharmed(hub, captured):
    drops = hub.bascule.drops()
    assert not [name for name in ("metered_bgp", "ring_bgp", "lcp_refused", "lcp_frame") if drops.get(name)], drops
    assert hub.bascule.established()


def test_the_kernel_hands_over_more_than_a_segment(captured):
    assert max(_lengths(captured, US, PLAIN)) > MTU
    assert max(_lengths(captured, PLAIN, US)) >= 1448


def test_what_is_signed_is_neither_merged_nor_cut(hub, captured):
    for ends in ((US, SIGNED), (SIGNED, US)):
        lengths = _lengths(captured, *ends)
        assert sum(lengths) > ROUTES and max(lengths) < MTU
    lines = hub.rs.run("cat", "/proc/net/netstat").stdout.splitlines()
    for names, values in zip(lines[::2], lines[1::2]):
        row = dict(zip(names.split(), values.split()))
        assert not int(row.get("TCPMD5Failure", 0))


def test_segments_fit_the_way(hub, captured):
    """The kernel has heard of the narrow link, and the dataplane cuts to what it says."""
    assert f"mtu {NARROW}" in hub.rs.run("ip", "route", "get", FAR, "from", US).stdout
    assert max(_lengths(captured, US, FAR)) > NARROW


def test_datagrams_of_any_size(hub, captured):
    """Checksums that the kernel leaves to us, and fragments."""
    for size in (0, 1, 1471, 1472, 1473, 4001, 20000):
        hub.peers["plain"].namespace.run("ping", "-c", "1", "-W", "5", "-s", size, US)
        hub.rs.run("ping", "-c", "1", "-W", "5", "-s", size, "-I", US, PLAIN)
