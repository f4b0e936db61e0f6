"""BGP with NVAs behind a learned route. Two of them have addresses on a network that no port of ours is on; the NVAs between
announce it.

    vnet0 ─ host 10.0.1.10
    nva0 ─┬─ near   10.0.2.4  BIRD, AS 65001 ─┐          ┌─ called  10.9.0.5  FRR, AS 65007: we call it
          ├─ other  10.0.2.6  FRR,  AS 65003 ─┴─ spoke ──┴─ caller  10.9.0.6  BIRD, AS 65008: it calls us
          └─ thief  10.0.2.5  FRR,  AS 65002, which has 10.9.0.5 on its loopback
    nva1    nobody
"""

import socket

import pytest

from bascule import Bascule
from daemons import Bird, Frr, Neighbor
from lab import named_lab, wait_for
from networks import ASN, VNET, instance_config, nva_address, vnet_address

US = nva_address()
SPOKE, HOST = "10.9.0.0/25", "10.0.1.10"
NEAR, OTHER, THIEF = "10.0.2.4", "10.0.2.6", "10.0.2.5"
CALLED, CALLER = "10.9.0.5", "10.9.0.6"
SITES = {"called": "172.16.7.0/24", "caller": "172.16.8.0/24"}
KEY = "a-key-of-RFC-2385"


class Behind:
    def __init__(self, lab):
        rs = lab.namespace("rs")
        config = instance_config()
        config["dataplane"]["ports"] = [
            {"name": "nva0", "role": "nva", "addresses": [f"{US}/24"]},
            {"name": "nva1", "role": "nva", "addresses": ["10.0.5.1/24"]},
            {"name": "vnet0", "role": "vnet", "addresses": [f"{vnet_address()}/24"]}]
        for lan in ("nva", "nvb", "vnet", "spoke"):
            lab.lan(lan)
        for lan, port in (("nva", "nva0"), ("nvb", "nva1"), ("vnet", "vnet0")):
            rs.join(lab.lans[lan], port)
            rs.keep_kernel_off(port)
        self.key = lab.dir / "far.key"
        self.key.write_text(KEY)
        self.key.chmod(0o600)
        config["gateways"] = []
        config["peers"] = [
            {"name": "near", "address": NEAR, "asn": 65001},
            {"name": "other", "address": OTHER, "asn": 65003},
            {"name": "thief", "address": THIEF, "asn": 65002},
            self.behind("called", CALLED, 65007), self.behind("caller", CALLER, 65008, passive=True)]
        self.bascule = Bascule(rs, "a", config)
        self.near = self._appliance(lab, Bird, "near", NEAR, 65001, "10.9.0.1/24")
        self.other = self._appliance(lab, Frr, "other", OTHER, 65003, "10.9.0.2/24")
        self.thief = self._appliance(lab, Frr, "thief", THIEF, 65002)
        self.thief.namespace.host_address(CALLED)
        self.called = self._far(lab, Frr, "called", CALLED, 65007)
        self.caller = self._far(lab, Bird, "caller", CALLER, 65008)
        self.host = lab.namespace("host")
        self.host.join(lab.lans["vnet"], "vnet", f"{HOST}/24")
        self.host.route("default", vnet_address())

    def behind(self, name, address, asn, port="nva0", **more):
        return {"name": name, "address": address, "asn": asn, "behind": port, "multihop": True,
                "password_file": str(self.key), **more}

    @staticmethod
    def _appliance(lab, daemon, name, address, asn, spoke=None):
        namespace = lab.namespace(name, forward=True)
        namespace.join(lab.lans["nva"], "nva", f"{address}/24")
        namespace.route("default", US)
        if spoke:
            namespace.join(lab.lans["spoke"], "spoke", spoke)
            for far, site in ((CALLED, SITES["called"]), (CALLER, SITES["caller"])):
                namespace.route(site, far)
        return daemon(namespace, asn, address, [Neighbor(US, ASN)])

    @staticmethod
    def _far(lab, daemon, name, address, asn):
        namespace = lab.namespace(name)
        namespace.join(lab.lans["spoke"], "spoke", f"{address}/24")
        # more specific than the VNet's prefix, which its daemon cannot resolve: its next hop lies in it
        namespace.route("10.0.0.0/22", "10.9.0.1")
        namespace.host_address(SITES[name].replace(".0/24", ".10"))
        return daemon(namespace, asn, address, [Neighbor(US, ASN, multihop=True, password=KEY)], [SITES[name]])

    def start(self):
        self.bascule.start()
        for daemon in (self.near, self.other, self.thief):
            daemon.start()
        self.start_far()
        self.bascule.wait_established("near", "other", "thief")

    def start_far(self):
        self.called.start()
        self.called.configure("router bgp 65007", f"neighbor {US} passive")
        self.caller.start()

    def wait(self, what, predicate, seconds=30):
        wait_for(predicate, what, seconds)

    def reload(self, *far):
        config = self.bascule.config
        config["peers"] = [peer for peer in config["peers"] if "behind" not in peer] + list(far)
        self.bascule.write_config()
        self.bascule.run("reload")

    def next_hops(self, prefix):
        row = self.bascule.fib("vnet").get(prefix)
        return {hop["gateway"] for hop in row["next_hops"]} if row else set()

    def unusable(self, prefix):
        return [path.get("unusable_reason", "") for path in self.bascule.cli("show", "routes", prefix)]

    def error(self, name):
        return self.bascule.peers()[name]["last_error"]

    def sessions(self):
        return {name: getattr(self, name).session(US) for name in SITES}

    def wait_reached(self, *gateways):
        """Until both sites are forwarded to by these NVAs."""
        self.wait(f"{SITES} by {gateways}",
                  lambda: all(self.next_hops(site) == set(gateways) for site in SITES.values()))


@pytest.fixture(scope="module")
def lab():
    with named_lab(__name__) as lab:
        behind = Behind(lab)
        behind.start()
        yield behind


def test_no_session_without_a_route(lab):
    lab.wait("the reason", lambda: (lab.error("called"), lab.error("caller")) ==
             (f"no route to {CALLED}", f"no route to {CALLER}"))
    assert not any(lab.sessions().values())


def test_both_come_up_as_soon_as_a_route_leads_there(lab):
    lab.near.originate(SPOKE)
    lab.bascule.wait_established("called", "caller")
    lab.wait_reached(NEAR)
    assert {lab.bascule.peer(name)["local_address"] for name in SITES} == {US}
    by = {"prefix": SPOKE, "peer": "near", "next_hops": [NEAR]}
    for name, address in (("called", CALLED), ("caller", CALLER)):
        path, = lab.bascule.cli("show", "routes", SITES[name])
        assert (path["next_hop"], path["usable"], path["by_route"]) == (address, True, by)
        assert lab.bascule.peer(name)["by_route"] == by
        assert f"{SPOKE} of near, via {NEAR}" in lab.bascule.run("show", "peer", name).stdout
        lab.wait("the VNet at the far NVA", lambda n=name: VNET in getattr(lab, n).received(US))


def test_packets_pass_both_ways(lab):
    for name, site in SITES.items():
        far = site.replace(".0/24", ".10")
        lab.wait(f"an answer of {far}", lambda a=far: lab.host.ping(a))
        assert getattr(lab, name).namespace.ping(HOST, source=far)


def test_they_follow_the_route_that_leads_there(lab):
    """Two equal routes, one of them, none, and back: always the same sessions."""
    sessions = lab.sessions()
    lab.other.originate(SPOKE)
    lab.wait_reached(NEAR, OTHER)
    lab.near.originate()
    lab.wait_reached(OTHER)
    lab.other.originate()
    lab.wait_reached()
    for site in SITES.values():
        assert lab.unusable(site) == ["next hop: no route leads to it"]
    for view in ("nva", "vnet"):
        assert set(lab.bascule.fib(view)) & {SPOKE, *SITES.values()} == set()
    lab.near.originate(SPOKE)
    lab.wait_reached(NEAR)
    assert lab.sessions() == sessions


def test_a_session_that_ends_without_a_route_comes_back_with_it(lab):
    lab.near.originate()
    lab.wait_reached()
    for name in SITES:
        getattr(lab, name).stop()  # its Cease still comes through
        lab.wait("the reason", lambda n=name: lab.error(n).startswith("no route to "))
    lab.start_far()
    lab.near.originate(SPOKE)
    lab.bascule.wait_established("called", "caller")
    lab.wait_reached(NEAR)


def unsigned(bascule):
    """Segments that our kernel dropped because they had no TCP-MD5 signature."""
    lines = bascule.namespace.run("cat", "/proc/net/netstat").stdout.splitlines()
    names, values = (line.split() for line in lines[:2])
    return int(dict(zip(names, values))["TCPMD5NotFound"])


def test_a_more_specific_route_takes_no_session(lab):
    """The thief's host has the peer's address, and does not know the key."""
    sessions = lab.sessions()
    lab.thief.originate(f"{CALLED}/32")
    lab.wait("the thief's route", lambda: lab.next_hops(f"{CALLED}/32") == {THIEF})
    dropped = unsigned(lab.bascule)
    with lab.thief.namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as thief:
        thief.bind((CALLED, 0))
        thief.setblocking(False)
        thief.connect_ex((US, 179))
        lab.wait("its SYN dropped", lambda: unsigned(lab.bascule) > dropped)
        assert thief.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x02", "SYN_SENT"
    assert lab.bascule.peer("called")["established"] == 2
    lab.thief.originate()
    lab.wait_reached(NEAR)
    lab.wait("the sessions as before", lambda: lab.sessions() == sessions)


def test_reload(lab):
    """The wrong port is no port; without `behind` it is no peer; and back."""
    called, caller = lab.behind("called", CALLED, 65007), lab.behind("caller", CALLER, 65008, passive=True)
    session = lab.sessions()["caller"]
    lab.reload(lab.behind("called", CALLED, 65007, port="nva1"), caller)
    lab.wait("the end of the session", lambda: lab.bascule.peers().get("called", {}).get("state") in ("Connect", "Active"))
    lab.wait("its packets at the wrong port", lambda: lab.bascule.drops()["bgp_wrong_port"])
    lab.wait("no route of it", lambda: not lab.next_hops(SITES["called"]))
    lab.reload(caller)
    assert "called" not in lab.bascule.peers()
    lab.reload(called, caller)
    lab.wait("the new session", lambda: lab.bascule.peers().get("called", {}).get("state") == "Established")
    lab.wait_reached(NEAR)
    assert lab.sessions()["caller"] == session
