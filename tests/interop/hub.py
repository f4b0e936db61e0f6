"""The hub of the acceptance scenarios: one Bascule, and an ExaBGP in place of every gateway and NVA, so that a test says
what each of them announces, attribute by attribute, while the sessions are up.

    ergw   10.0.255.36  AS 65515 ── er0  ┐         ┌ nva0 ── nva-a  10.0.2.4  AS 65001
    vpngw0 10.0.255.4   AS 65515 ── vpn0 ┤ Bascule ├ nva0 ── nva-b  10.0.2.5  AS 65002
    vpngw1 10.0.255.5   AS 65515 ── vpn0 ┘  65515  └ vnet0    the VNets 10.0.0.0/16 and, peered, 10.4.0.0/16

What lies behind a gateway (MSEE and on-premises, VPN sites) is in the paths that the gateway's speaker announces.

A gateway that decides nothing takes whatever it is told. So scenarios run with GATEWAYS of both kinds: "exabgp" as above, and
"deciding", FRR for ExpressRoute and BIRD for the VPN (gateway.py), which withdraw their own path if they prefer what they are
told.
"""

import contextlib

import pytest

from bascule import Bascule
from both_sides import differences
from daemons import Bird, Exabgp, Frr, Neighbor
from families import Seen
from gateway import Gateway
from lab import named_lab, wait_for
from networks import ASN, er_address, instance_config, nva_address, vpn_address

SPOKE = "10.4.0.0/16"
VNETS = {"10.0.0.0/16", SPOKE}
A, B, VIP = "10.0.2.4", "10.0.2.5", "10.0.2.100"
VPN = ("10.0.255.4", "10.0.255.5")
ER = "10.0.255.36"

# name: (peer of the configuration, LAN, address, AS number, our address)
SPEAKERS = {
    "ergw": ("ergw/0", "er", ER, ASN, er_address()),
    "vpngw0": ("vpngw/0", "vpn", VPN[0], ASN, vpn_address()),
    "vpngw1": ("vpngw/1", "vpn", VPN[1], ASN, vpn_address()),
    "nva-a": ("nva-a", "nva", A, 65001, nva_address()),
    "nva-b": ("nva-b", "nva", B, 65002, nva_address()),
}
GATEWAYS = {"exabgp": {}, "deciding": {"ergw": Frr, "vpngw0": Bird, "vpngw1": Bird}}
both_kinds = pytest.mark.parametrize("shared_hub", GATEWAYS, indirect=True, scope="module")
BRANCH_VIEWS = ("expressroute", "vpn", "nva")
MARKER = "172.16.4.0/24"


class Hub:
    """In a lab of both families each session is of both. `configure(config)` may change the configuration before it is written; `peers` are those of its sessions that the
    speakers fill, if not all; `gateways` a key of GATEWAYS."""

    seen_as = Seen

    def __init__(self, lab, configure=lambda config: None, peers=(), gateways="exabgp"):
        self.peers = peers
        rs = lab.namespace("rs")
        for lan in ("er", "vpn", "nva", "vnet"):
            rs.join(lab.lan(lan), f"{lan}0")
            rs.keep_kernel_off(f"{lan}0")
        config = instance_config()
        config["vnet"].append({"prefix": SPOKE, "port": "vnet0", "next_hop": "10.0.1.1", "peered": True})
        config["peers"].append({"name": "nva-b", "address": B, "asn": 65002, "multihop": True})
        configure(config)
        self.bascule = Bascule(rs, "a", config)
        self.speakers = {}
        for number, (name, (_, lan, address, asn, us)) in enumerate(SPEAKERS.items()):
            namespace = lab.namespace(name)
            namespace.join(lab.lans[lan], lan, f"{address}/{24 if lan == 'nva' else 28}")
            neighbor, kind = Neighbor(us, ASN, multihop=lan == "nva"), GATEWAYS[gateways].get(name)
            self.speakers[name] = (Gateway(namespace, kind, number, asn, address, neighbor) if kind else
                                   Exabgp(namespace, asn, address, [neighbor]))
        self.speakers["nva-a"].namespace.address("nva", f"{VIP}/24")
        self.er, self.vpn0, self.vpn1, self.a, self.b = self.speakers.values()

    def start(self):
        self.bascule.start()
        for speaker in self.speakers.values():
            speaker.start()
        self.wait_established()

    def wait_established(self):
        self.bascule.wait_established(*self.peers)
        self.wait("the VNets' routes", lambda: all(VNETS <= set(self.told(name)) for name in self.speakers))

    def wait(self, what, predicate, seconds=15):
        wait_for(predicate, what, seconds)

    def reload(self):
        self.bascule.write_config()
        self.bascule.run("reload")

    # --- what a speaker hears, what we have ------------------------------------------------------------------------------

    def told(self, name):
        """{prefix: Route} that a speaker has been told, the VNets' own included."""
        return self.speakers[name].received(SPEAKERS[name][4])

    def hearers(self, prefix):
        """The speakers that hold a route for the prefix."""
        return {name for name in self.speakers if prefix in self.told(name)}

    def next_hops(self, prefix, view="vnet"):
        """The gateways that a view forwards the prefix to; empty: no route."""
        row = self.bascule.fib(view).get(prefix)
        return {hop["gateway"] for hop in row["next_hops"]} if row else set()

    def views(self, prefix):
        """The views that have the prefix."""
        return {view for view in (*BRANCH_VIEWS, "vnet") if self.next_hops(prefix, view)}

    @staticmethod
    def others(name):
        """All speakers but this one."""
        return set(SPEAKERS) - {name}

    def wait_next_hops(self, prefix, *gateways):
        """Until the VNets' view forwards the prefix to these gateways."""
        self.wait(f"{prefix} by {gateways}", lambda: self.next_hops(prefix) == set(gateways))

    def settle(self, marker=MARKER):
        """All that NVA-A has announced so far has gone where it goes: a last route of its own has arrived there too. Its
        path is no other route's, or ExaBGP would send it along with that one."""
        self.a.announce(marker, self.a.asn, 65099)
        self.wait("A's last route", lambda: self.hearers(marker) == self.others("nva-a"))

    def best(self, prefix):
        """(peer, reason) of the best path; None if there is none."""
        rows = self.bascule.cli("show", "routes", prefix)
        return (rows[0]["peer"], rows[0]["reason"]) if rows else None

    def both_sides(self):
        """As both_sides.py has it."""
        return [(self.bascule, peer, self.speakers[name], us) for name, (peer, _, _, _, us) in SPEAKERS.items()]

    def sessions(self):
        return {name: speaker.session(SPEAKERS[name][4]) for name, speaker in self.speakers.items()}

    def announce_all(self, routes):
        """{speaker: [(prefix, AS, …), …]}, until every path is in use or could be."""
        for name, announcements in routes.items():
            for prefix, *path in announcements:
                self.speakers[name].announce(prefix, *path)
        wanted = {(SPEAKERS[name][0], prefix) for name in routes for prefix, *_ in routes[name]}
        self.wait("all paths", lambda: wanted <= {(path["peer"], path["prefix"]) for path in
                                                  self.bascule.cli("show", "routes") if path["usable"]})
        self.wait("all in the views", lambda: {prefix for _, prefix in wanted} <= set(self.bascule.fib("vnet")))

    def withdraw_all(self):
        """Back to the VNets alone, between tests."""
        for speaker in self.speakers.values():
            speaker.withdraw(*sorted(speaker.announced))
        self.wait("empty tables", lambda: set(self.bascule.routes()) == VNETS
                  and all(set(self.told(name)) == VNETS for name in self.speakers))


@contextlib.contextmanager
def undisturbed(hub):
    """Around one of several tests on a hub: it moves no session, every peer has what we say that we have told it, and
    no route outlives it."""
    sessions = hub.sessions()
    yield hub
    hub.wait("the same at both sides of every session", lambda: not differences(hub))
    hub.withdraw_all()
    assert hub.sessions() == sessions


@contextlib.contextmanager
def running_hub(name, configure=lambda config: None, peers=(), gateways="exabgp", both=False):
    """A Hub, started and converged. Logs stay in BASCULE_LOGS/NAME if that is set. `both`: of both families."""
    with named_lab(name, both) as lab:
        hub = Hub(lab, configure, peers, gateways)
        hub.start()
        yield hub
