"""The networks that this product exists for, in a laboratory.

    On-prem 1            SD-WAN NVA                                     ExpressRoute gateway     MSEE        On-prem 2
    172.16.1.0/24 ────── AS 65001, 10.0.2.4 ─── nva0 ┐       ┌ er0 ──── AS 65515, 10.0.255.36 ── AS 12076 ── AS 65020
                                                     │Bascule│                                               10.20.0.0/16
    Branch               VPN gateway, active-active  │ 65515 │
    AS 65010 ─────────── AS 65515, 10.0.255.4 and .5 ┘ vpn0  └ vnet0 ── VNet hosts in 10.0.0.0/16
    10.10.0.0/16

Each box is a network namespace; each line a LAN. Gateways and branches forward in the kernel of their namespaces, and
only by routes that BGP brought them; the NVA's daemons have no FIB, so the NVA sends everything to Bascule: whether
packets pass there is for Bascule to say.

An instance is told apart by its number i: its ports are 10.0.255.33+i, 10.0.255.1+i, 10.0.2.1+i and 10.0.1.4+i. Every
peer of Bascule has a session with every instance.
"""

import ipaddress

from bascule import Bascule
from daemons import Bird, Frr, Gobgp, Neighbor
from families import FAMILIES, V4, Seen, seen, sessions_of_each
from lab import wait_for
from tagger import CUSTOMER, ROOM, SERVICE, Tagger

ASN = 65515
VNET = "10.0.0.0/16"
ONPREM1 = "172.16.1.0/24"
ONPREM2 = "10.20.0.0/16"
ONPREM3 = "10.21.0.0/16"
BRANCH = "10.10.0.0/16"

ONPREM1_HOST = "172.16.1.10"
ONPREM2_HOST = "10.20.0.10"
ONPREM3_HOST = "10.21.0.10"
BRANCH_HOST = "10.10.0.10"
VNET_HOST = "10.0.1.10"
VNET_FAR_HOST = "10.0.3.10"  # in the VNet, but outside our port's own subnet

# The tags of ExpressRoute private peering: the provider's, and ours.
ER_TAGS = [(SERVICE, 200), (CUSTOMER, 100)]

ERGW = "10.0.255.36"
ERGW2 = "10.0.255.38"
VPNGW = ("10.0.255.4", "10.0.255.5")
NVA = "10.0.2.4"


def _plus(address, i):
    return str(ipaddress.ip_address(address) + i)


def er_address(i=0):
    return _plus("10.0.255.33", i)


def vpn_address(i=0):
    return _plus("10.0.255.1", i)


def nva_address(i=0):
    return _plus("10.0.2.1", i)


def vnet_address(i=0):
    return _plus("10.0.1.4", i)


def instance_config(i=0):
    """The configuration of instance i as data; the instance's name is Bascule's to fill in."""
    ports = [
        {"name": "er0", "role": "expressroute", "addresses": [f"{er_address(i)}/28"]},
        {"name": "vpn0", "role": "vpn", "addresses": [f"{vpn_address(i)}/28"]},
        {"name": "nva0", "role": "nva", "addresses": [f"{nva_address(i)}/24"]},
        {"name": "vnet0", "role": "vnet", "addresses": [f"{vnet_address(i)}/24"]},
    ]
    return {
        "instance": {"asn": ASN, "router_id": vnet_address(i)},
        "exchange": {"enabled": False},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "idle": "adaptive", "memory_mb": 512, "ports": ports},
        "control": {"lcores": [1]},
        "vnet": [{"prefix": VNET, "port": "vnet0"}],
        "gateways": [{"name": "ergw", "role": "expressroute", "addresses": [ERGW]},
                     {"name": "vpngw", "role": "vpn", "addresses": list(VPNGW)}],
        "peers": [{"name": "nva-a", "address": NVA, "asn": 65001, "multihop": True}],
    }


class Networks:
    """Both networks. `er`, `vpn` and `nva` choose the daemons that play the ExpressRoute gateway, the two VPN gateway
    instances and the NVA; the rest of the world is BIRD. `instances` is how many Bascules there are;
    `configure(config, lab)` may change the configuration of each before it is written. `er2`: the daemon of one more
    ExpressRoute gateway, with a circuit and an on-premises network of its own. `vpn_static`: networks that the VPN gateways
    reach without BGP. `er_tagged`: port er0's frames carry ER_TAGS, up to a switch that takes them off. In a lab of both
    families each session is of both, but those of a daemon that has one for each."""

    seen_as = Seen

    def __init__(self, lab, er=Frr, vpn=Bird, nva=Gobgp, instances=1, configure=lambda config, lab: None, er2=None,
                 vpn_static=(), er_tagged=False):
        self.lab = lab
        self._configure = configure
        for name in ("er", "vpn", "nva", "vnet", "tunnel", "site"):
            lab.lan(name)
        self.switch = Tagger(lab, "ertrunk", {"er": ER_TAGS}) if er_tagged else None
        if self.switch:
            self.switch.start()
        self.bascules = [self._bascule(i, nva) for i in range(instances)]
        self.bascule = self.bascules[0]
        self.ergw, self.msee, self.onprem2 = self._expressroute(er, "", ERGW, "onprem2", ONPREM2)
        circuit2 = self._expressroute(er2, "2", ERGW2, "onprem3", ONPREM3) if er2 else ()
        self._vpn(vpn, vpn_static)
        self._nva(nva)
        self.vnet = self._vnet_host("vnet", VNET_HOST, 24)
        self.vnet_far = self._vnet_host("vnetfar", VNET_FAR_HOST, 16)
        self.daemons = [self.ergw, self.msee, self.onprem2, *circuit2, *self.vpngw, self.branch, self.nva]
        if circuit2:
            self.ergw2, self.msee2, self.onprem3 = circuit2

    def _bascule(self, i, nva):
        namespace = self.lab.namespace(f"rs{i}")
        for lan, port in (("er", "er0"), ("vpn", "vpn0"), ("nva", "nva0"), ("vnet", "vnet0")):
            if self.switch and lan == "er":
                namespace.join(self.lab.lans["ertrunk"], port, mtu=1500 + ROOM)
            else:
                namespace.join(self.lab.lans[lan], port)
            namespace.keep_kernel_off(port)
        config = instance_config(i)
        if self.lab.both and nva.session_each:
            config["peers"] = sessions_of_each(config["peers"])
        if self.switch:
            config["dataplane"]["ports"][0].update(vlan=ER_TAGS[1][1], outer_vlan=ER_TAGS[0][1])
        self._configure(config, self.lab)
        return Bascule(namespace, "abcdefgh"[i], config)

    def _bascule_neighbors(self, address, **options):
        return [Neighbor(address(i), ASN, **options) for i in range(len(self.bascules))]

    def _router(self, name, **lans):
        """A forwarding namespace with one interface a LAN, called as the LAN is."""
        namespace = self.lab.namespace(name, forward=True)
        for lan, address in lans.items():
            namespace.join(self.lab.lans[lan], lan, address)
        return namespace

    def _expressroute(self, daemon, suffix, address, site, network):
        """A gateway, its circuit, and `site` with a host in `network`. Returns their daemons."""
        circuit, peering = f"circuit{suffix}", f"peering{suffix}"
        for lan in (circuit, peering):
            self.lab.lan(lan)
        gateway = self._router(f"ergw{suffix}", er=f"{address}/28", **{circuit: "192.168.1.1/30"})
        msee = self._router(f"msee{suffix}", **{circuit: "192.168.1.2/30", peering: "192.168.2.1/30"})
        onprem = self._router(site, **{peering: "192.168.2.2/30"})
        onprem.host_address(_plus(network.partition("/")[0], 10))
        return (daemon(gateway, ASN, address, [*self._bascule_neighbors(er_address, next_hop_self=True),
                                               Neighbor("192.168.1.2", 12076)]),
                Bird(msee, 12076, "192.168.1.2", [Neighbor("192.168.1.1", ASN, next_hop_self=True),
                                                  Neighbor("192.168.2.2", 65020, remove_private=True)]),
                Bird(onprem, 65020, "192.168.2.2", [Neighbor("192.168.2.1", 12076)], [network]))

    def _vpn(self, daemon, static):
        self.vpngw = []
        for i, address in enumerate(VPNGW):
            gateway = self._router(f"vpngw{i}", vpn=f"{address}/28", tunnel=f"192.168.3.{i + 1}/29")
            self.vpngw.append(daemon(gateway, ASN, address, [*self._bascule_neighbors(vpn_address, next_hop_self=True),
                                                             Neighbor("192.168.3.6", 65010)], static))
        branch = self._router("branch", tunnel="192.168.3.6/29")
        branch.host_address(BRANCH_HOST)
        self.branch = Bird(branch, 65010, "192.168.3.6", [Neighbor("192.168.3.1", ASN), Neighbor("192.168.3.2", ASN)],
                           [BRANCH])

    def _nva(self, daemon):
        appliance = self._router("nva", nva=f"{NVA}/24", site="172.16.1.1/24")
        appliance.route("default", nva_address())
        self.onprem1 = self.lab.namespace("onprem1")
        self.onprem1.join(self.lab.lans["site"], "site", f"{ONPREM1_HOST}/24")
        self.onprem1.route("default", "172.16.1.1")
        self.nva = daemon(appliance, 65001, NVA, self._bascule_neighbors(nva_address, multihop=True), [ONPREM1])

    def _vnet_host(self, name, address, length):
        host = self.lab.namespace(name)
        host.join(self.lab.lans["vnet"], "vnet", f"{address}/{length}")
        host.route("default", vnet_address())
        return host

    def appliance(self, name, *addresses, lan="nva"):
        """One more host on a LAN, for a test's own purposes: a second NVA, an intruder. There is one of a name."""
        if name not in self.lab.namespaces:
            self.lab.namespace(name).join(self.lab.lans[lan], lan, *addresses)
        return self.lab.namespaces[name]

    # --- life ---------------------------------------------------------------------------------------------------------

    def start(self):
        """Everything, until every session is up and every branch has been heard."""
        for bascule in self.bascules:
            bascule.start()
        for daemon in self.daemons:
            daemon.start()
        for family in FAMILIES if self.lab.both else (V4,):
            seen(self, family).wait_converged()

    def wait_converged(self, seconds=60):
        for bascule in self.bascules:
            bascule.wait_established(*(name for name, *_ in self.bgp_peers()), seconds=seconds)
            wait_for(lambda b=bascule: {ONPREM1, ONPREM2, BRANCH} <= set(b.routes()), "routes of all branches", seconds)

    def bgp_peers(self):
        """Bascule's peers: [(name, daemon, [address of each instance as the peer sees it])]."""
        er, vpn, nva = ([address(i) for i in range(len(self.bascules))]
                        for address in (er_address, vpn_address, nva_address))
        return [("ergw/0", self.ergw, er), ("vpngw/0", self.vpngw[0], vpn), ("vpngw/1", self.vpngw[1], vpn),
                ("nva-a", self.nva, nva)]

    def tell_all_again(self):
        """Every peer has told and been told all of its routes once more, by every instance."""
        def updates():
            return {(bascule, name): bascule.peer(name)["rx_updates"] for bascule in self.bascules for name, *_ in self.bgp_peers()}

        def told():
            for _, daemon, _ in self.bgp_peers():
                daemon.nudge()
            return all(count > before[peer] for peer, count in updates().items())

        before = updates()
        for bascule, name in before:
            bascule.run("peer", name, "reset", "--soft-out")
            bascule.run("peer", name, "reset", "--soft-in")
        wait_for(told, "all tell all again")

    def both_sides(self):
        """As both_sides.py has it."""
        return [(bascule, name, daemon, address) for name, daemon, addresses in self.bgp_peers()
                for bascule, address in zip(self.bascules, addresses)]

    def sessions(self):
        """A mark of every session of Bascule, as the peers that run see it: unchanged means that no session moved."""
        return {(name, address): daemon.session(address)
                for name, daemon, addresses in self.bgp_peers() if daemon.running for address in addresses}
