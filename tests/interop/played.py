"""A small hub, quickly built: one Bascule, two NVAs and an ExpressRoute gateway, for tests of what Bascule itself does.

    NVA-A  AS 65001, 10.0.2.4 ──┐
    NVA-B  AS 65002, 10.0.2.5 ──┴── nva0 Bascule er0 ──── ExpressRoute gateway  AS 65515, 10.0.255.36
                                          vnet0           VNet 10.0.0.0/16

NVA-B and the gateway are BIRD, unless a test wants other daemons. NVA-A, and more NVAs from 10.0.2.10 on if a test asks
for them, are hosts from which the test speaks itself (speaker.py): thousands of routes in a few messages, exactly as it
wants them."""

import contextlib
import ipaddress

from bascule import Bascule
from daemons import Bird, Neighbor
from families import FAMILIES, V4, V6, Seen, Told
from lab import Lab, LabError, wait_for
from speaker import Speaker, attributes, update, update_prefixes

ASN = 65515
VNET = "10.0.0.0/16"
US, US_ER = "10.0.2.1", "10.0.255.33"
NVA_A, NVA_B, ERGW = "10.0.2.4", "10.0.2.5", "10.0.255.36"
PER_MESSAGE = {V4: 800, V6: 200}  # /24s, or their twins, in one UPDATE


def prefixes(n, first="20.0.0.0"):
    """n distinct /24s from `first` on."""
    start = int(ipaddress.ip_address(first))
    return [f"{ipaddress.ip_address(start + 256 * i)}/24" for i in range(n)]


class Nva:
    """An NVA that the test plays: one connection at a time. Or an instance of a gateway, on another LAN, with our
    address there; its `name` is the session's. `hub` has the `lab` and the `bascule`."""

    seen_as = Told

    def __init__(self, hub, name, address, asn, lan="nva", us=US):
        self.hub, self.name, self.address, self.asn, self.us = hub, name, address, asn, us
        self.namespace = hub.lab.namespace(name.replace("/", ""))
        self.namespace.join(hub.lab.lans[lan], lan, f"{address}/{24 if lan == 'nva' else 28}")
        self.connection = None
        self._told = set()

    def establish(self, seconds=30, **options):
        """Connect until it is let in: a peer whose last session was short or ended badly is kept waiting. `options` are
        speaker.open_message()'s; without a hold time the session has none, for nobody sends KEEPALIVEs here."""
        self.connection = wait_for(lambda: self._try(options), f"session of {self.name}", seconds)
        self.hub.bascule.wait_established(self.name)
        return self

    def _try(self, options):
        speaker = None
        try:
            speaker = Speaker(self.namespace, self.address, self.us, seconds=30)
            return speaker.establish(self.asn, self.address, **{"hold_s": 0, "both": self.hub.lab.both, **options})
        except ConnectionError:
            if speaker:
                speaker.close()
            return None

    def announce(self, routes, path=(), withdraw=False, next_hop=None, communities=()):
        """`path` follows our own AS number, unless it is Bascule's too."""
        as_path = path if self.asn == ASN else [self.asn, *path]
        family = V4 if all(map(V4.has, routes)) else V6
        next_hop = next_hop or family.say(self.address)
        attrs = attributes(next_hop, as_path, communities=communities)
        for at in range(0, len(routes), PER_MESSAGE[family]):
            part = routes[at:at + PER_MESSAGE[family]]
            self.connection.send(update(withdrawn=part) if withdraw else update(part, attrs, next_hop=next_hop))

    def withdraw(self, routes):
        self.announce(routes, withdraw=True)

    def told(self):
        """The prefixes that it has been told of in this session, as far as they are here. Whoever asks once is to be
        the only reader of the connection."""
        for body in self.connection.updates():
            withdrawn, announced = update_prefixes(body)
            self._told.difference_update(withdrawn)
            self._told.update(announced)
        return self._told

    def wait_told(self, prefixes, seconds=30):
        """Until it has been told of exactly these, of their families."""
        of = [family for family in FAMILIES if any(map(family.has, prefixes))] or FAMILIES

        def told():
            return {prefix for prefix in self.told() if any(family.has(prefix) for family in of)}

        try:
            wait_for(lambda: told() == prefixes, f"{len(prefixes)} routes told to {self.name}", seconds)
        except LabError as error:
            missing, more = len(prefixes - self._told), len(self._told - prefixes)
            raise LabError(f"{error}: {missing} missing, {more} too many; {self.row()}") from None

    def row(self):
        return self.hub.bascule.peer(self.name)

    def wait_learned(self, n):
        wait_for(lambda: self.row()["learned"] == n, f"{n} routes of {self.name}")

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection, self._told = None, set()
            wait_for(lambda: self.row()["state"] != "Established", f"end of {self.name}")


class Hub:
    seen_as = Seen

    def __init__(self, lab, configure=lambda config: None, nvas=(), nva_b=Bird, er=Bird, hold_s=180):
        """`nvas`: names of more NVAs to be played; `nva_b`, `er`: the daemons of NVA-B, whose hold time is `hold_s`,
        and of the gateway."""
        self.lab = lab
        for name in ("er", "nva", "vnet"):
            lab.lan(name)
        namespace = lab.namespace("rs")
        for lan in ("er", "nva", "vnet"):
            namespace.join(lab.lans[lan], f"{lan}0")
            namespace.keep_kernel_off(f"{lan}0")
        played = {"nva-a": (NVA_A, 65001), **{name: (f"10.0.2.{10 + i}", 65010 + i) for i, name in enumerate(nvas)}}
        config = self.config(played)
        configure(config)
        self.bascule = Bascule(namespace, "a", config)
        self.nvas = {name: Nva(self, name, *where) for name, where in played.items()}
        self.nva_a = self.nvas["nva-a"]
        self.nva_b = self._daemon(nva_b, "nvab", "nva", f"{NVA_B}/24", 65002, Neighbor(US, ASN, multihop=True,
                                                                                       hold_s=hold_s), "172.16.2.0/24")
        self.ergw = self._daemon(er, "ergw", "er", f"{ERGW}/28", ASN, Neighbor(US_ER, ASN), "10.20.0.0/16")

    def config(self, played):
        peers = [{"name": name, "address": address, "asn": asn, "multihop": True, "passive": True, "hold_min_s": 0}
                 for name, (address, asn) in played.items()]
        return {
            "instance": {"asn": ASN, "router_id": "10.0.1.4"},
            "exchange": {"enabled": True},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 512, "ports": [
                {"name": "er0", "role": "expressroute", "addresses": [f"{US_ER}/28"]},
                {"name": "nva0", "role": "nva", "addresses": [f"{US}/24"]},
                {"name": "vnet0", "role": "vnet", "addresses": ["10.0.1.4/24"]}]},
            "control": {"lcores": [1]},
            "vnet": [{"prefix": VNET, "port": "vnet0"}],
            "gateways": [{"name": "ergw", "role": "expressroute", "addresses": [ERGW]}],
            "peers": [*peers, {"name": "nva-b", "address": NVA_B, "asn": 65002, "multihop": True}],
        }

    def _daemon(self, kind, name, lan, address, asn, neighbor, network):
        namespace = self.lab.namespace(name)
        namespace.join(self.lab.lans[lan], lan, address)
        return kind(namespace, asn, address.partition("/")[0], [neighbor], [network])

    def start(self):
        self.bascule.start()
        for daemon in (self.nva_b, self.ergw):
            daemon.start()
        self.bascule.wait_established("nva-b", "ergw/0")
        wait_for(lambda: {"172.16.2.0/24", "10.20.0.0/16"} <= set(self.bascule.routes()), "routes of both")

    def reconfigure(self, change):
        """Change the configuration's data and reload it."""
        change(self.bascule.config)
        self.bascule.write_config()
        self.bascule.run("reload")

    def both_sides(self):
        """As both_sides.py has it; not of those that the test plays."""
        return [(self.bascule, "nva-b", self.nva_b, US), (self.bascule, "ergw/0", self.ergw, US_ER)]

    # --- what tests look at -------------------------------------------------------------------------------------------

    def alarms(self):
        return self.bascule.summary()["alarms"]

    def events(self, kind=None, after=0):
        return [e for e in self.bascule.cli("show", "events") if e["number"] > after and kind in (None, e["kind"])]

    def last_event(self):
        return max((e["number"] for e in self.events()), default=0)


@contextlib.contextmanager
def running_hub(both=False, **options):
    """`both`: of both families, and so is each session."""
    with Lab(both=both) as lab:
        hub = Hub(lab, **options)
        hub.start()
        yield hub
