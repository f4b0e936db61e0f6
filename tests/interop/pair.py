"""Two instances of one route server and two NVAs that peer with both, as in an Azure VNet: everybody has an address in the
hub, the instances in their own subnet of it.

    Bascule 0  10.0.1.4/26 ── nva0 ┐                              ┌ NVA A  10.0.2.4  AS 65001
    Bascule 1  10.0.1.5/26 ── nva0 ┴── hub VNet, 10.0.0.0/16 ─────┴ NVA B  10.0.2.5  AS 65002
        │
        └ vnet0 10.4.0.4/24, 10.4.0.5/24 ── spoke VNets 10.4.0.0/16 and, if a test asks for it, 10.5.0.0/16, both peered

The VNet's own switching is played by a LAN on which all of 10.0.0.0/16 is on link. An NVA is a daemon, or, with None, a
host from which the test speaks itself (Played): octet by octet, a connection to each instance."""

import contextlib

from bascule import Bascule
from daemons import Exabgp, Neighbor
from families import Seen, Told
from lab import instance_name, named_lab, wait_for
from speaker import UPDATE, Speaker, attributes, decode_update, update

ASN = 65515
HUB, SPOKE, SPOKE2 = "10.0.0.0/16", "10.4.0.0/16", "10.5.0.0/16"
US = ("10.0.1.4", "10.0.1.5")
A, B = "10.0.2.4", "10.0.2.5"
LETTERS = "ab"


class Played:
    """An NVA that the test plays: a connection to each instance, and what was heard on it."""

    seen_as = Told

    def __init__(self, namespace, asn, address):
        self.namespace, self.asn, self.address = namespace, asn, address
        self.connections, self.updates = {}, {}

    def start(self):
        for us in US:
            self.connect(us)

    def connect(self, us):
        """Try until it is let in: a peer whose last session was short is kept waiting. End-of-RIB: it has nothing yet."""
        self.connections[us] = wait_for(lambda: self._try(us), f"session of {self.address} with {us}")
        self.connections[us].send(update())
        self.updates[us] = []

    def _try(self, us):
        speaker = None
        try:
            speaker = Speaker(self.namespace, self.address, us, seconds=30)
            return speaker.establish(self.asn, self.address, hold_s=0)
        except ConnectionError:
            if speaker:
                speaker.close()
            return None

    def disconnect(self, us):
        self.connections.pop(us).close()

    def stop(self):
        for us in list(self.connections):
            self.disconnect(us)

    def send(self, octets, *instances):
        for us in instances or US:
            self.connections[us].send(octets)

    def announce(self, prefix, *as_path, next_hop=None, to=US):
        self.send(update([prefix], attributes(next_hop or self.address, as_path or [self.asn])), *to)

    def withdraw(self, *prefixes, to=US):
        self.send(update(withdrawn=prefixes), *to)

    def next_update(self, us):
        """The body of the next UPDATE from that instance."""
        message = self.connections[us].wait(UPDATE)
        assert message, f"{us} closed the session"
        self.updates[us].append(message[1])
        return message[1]

    def hear(self, us, prefix, withdrawn=False):
        """Read on until the prefix is announced, or withdrawn. The body of that UPDATE."""
        while True:
            body = self.next_update(us)
            heard = decode_update(body)
            if prefix in (heard.withdrawn if withdrawn else heard.announced):
                return body

    def hear_end(self, us):
        """Read on until End-of-RIB (RFC 4724 section 2)."""
        while self.next_update(us) != bytes(4):
            pass

    def table(self, us):
        """{prefix: attributes by code} of all that was heard so far."""
        routes = {}
        for body in self.updates[us]:
            heard = decode_update(body)
            for prefix in heard.withdrawn:
                routes.pop(prefix, None)
            routes.update((prefix, heard.attributes) for prefix in heard.announced)
        return routes


class Pair:
    """`a` and `b`: the daemons that play the NVAs, Played without. `configure(config, i)` may change the configuration
    of instance i before it is written. In a lab of both families each session is of both."""

    seen_as = Seen

    def __init__(self, lab, a=Exabgp, b=Exabgp, asn_b=65002, asn_a=65001, configure=lambda config, i: None):
        self.lab = lab
        for name in ("hub", "spoke"):
            lab.lan(name)
        self.asns = {"nva-a": asn_a, "nva-b": asn_b}
        self.bascules = [self._bascule(i, configure) for i in range(2)]
        self.a = self._nva("a", a, A, asn_a)
        self.b = self._nva("b", b, B, asn_b)

    def _bascule(self, i, configure):
        namespace = self.lab.namespace(f"rs{i}")
        for lan, port in (("hub", "nva0"), ("spoke", "vnet0")):
            namespace.join(self.lab.lans[lan], port)
            namespace.keep_kernel_off(port)
        config = {
            "instance": {"asn": ASN, "router_id": US[i], "partner": instance_name(self.lab.id, LETTERS[1 - i])},
            "exchange": {"enabled": False},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "idle": "adaptive", "memory_mb": 512, "ports": [
                {"name": "nva0", "role": "nva", "addresses": [f"{US[i]}/26"]},
                {"name": "vnet0", "role": "vnet", "addresses": [f"10.4.0.{4 + i}/24"]}]},
            "control": {"lcores": [1]},
            "vnet": [{"prefix": HUB, "port": "nva0"}, {"prefix": SPOKE, "port": "vnet0", "peered": True}],
            "peers": [{"name": name, "address": address, "asn": self.asns[name], "multihop": True}
                      for name, address in (("nva-a", A), ("nva-b", B))],
        }
        configure(config, i)
        return Bascule(namespace, LETTERS[i], config)

    def _nva(self, name, daemon, address, asn):
        namespace = self.lab.namespace(name)
        namespace.join(self.lab.lans["hub"], "hub", f"{address}/16")
        if daemon is None:
            return Played(namespace, asn, address)
        return daemon(namespace, asn, address, [Neighbor(us, ASN, multihop=True) for us in US])

    def spoke_host(self, name, address, i):
        """A host in the first spoke whose router is instance i."""
        host = self.lab.namespace(name)
        host.join(self.lab.lans["spoke"], "spoke", f"{address}/24")
        host.route("default", f"10.4.0.{4 + i}")
        return host

    def start(self):
        for bascule in self.bascules:
            bascule.start()
        for nva in (self.a, self.b):
            nva.start()
        for bascule in self.bascules:
            bascule.wait_established()

    def both_sides(self):
        """As both_sides.py has it; not of an NVA that the test plays."""
        return [(bascule, name, nva, us) for name, nva in (("nva-a", self.a), ("nva-b", self.b))
                if not isinstance(nva, Played) for bascule, us in zip(self.bascules, US)]

    def exchange(self, enabled):
        for bascule in self.bascules:
            bascule.exchange(enabled)

    def next_hops(self, i, view, *prefixes):
        """Where instance i sends what a view holds for each prefix."""
        fib = self.bascules[i].fib(view)
        return [{hop["gateway"] for hop in fib[prefix]["next_hops"]} if prefix in fib else set() for prefix in prefixes]

    def alarms(self, i, kind):
        """{peer or None: text} of one kind at instance i."""
        return {alarm.get("peer"): alarm["text"] for alarm in self.bascules[i].summary()["alarms"]
                if alarm["kind"] == kind}

    def events(self, i, kind):
        return [event for event in self.bascules[i].cli("show", "events") if event["kind"] == kind]


@contextlib.contextmanager
def running_pair(name, both=False, **options):
    """A Pair, started and converged. Logs stay in BASCULE_LOGS/NAME if that is set. `both`: of both families."""
    with named_lab(name, both) as lab:
        pair = Pair(lab, **options)
        pair.start()
        yield pair
