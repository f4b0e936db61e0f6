"""A gateway that decides for itself: BIRD or FRR, and behind it an ExaBGP in the place of all that lies there, so that a test
says what it learns from there, attribute by attribute, as it says of a gateway that is ExaBGP itself.

    ExaBGP AS 64900 ── eBGP ── gateway ── Bascule

What the gateway announces to Bascule is what it prefers: its own route, or none if it thinks better of what it is told."""

from daemons import Exabgp, Neighbor
from families import Told

BEHIND = 64900  # in no path of a test: what is announced from there is announced as written


class Gateway:
    """As a daemon (daemons/base.py) and as Exabgp, whose announce() and withdraw() it has: in its namespace the daemon of class
    `kind`; `number` tells the gateways of a lab apart."""

    seen_as = Told

    def __init__(self, namespace, kind, number, asn, address, neighbor):
        lab = namespace.lab
        lan = lab.lan(f"behind{number}")
        here, there = f"192.168.{number}.1", f"192.168.{number}.2"
        namespace.join(lan, "behind", f"{here}/30")
        other = lab.namespace(f"behind{number}")
        other.join(lan, "gateway", f"{there}/30")
        self.namespace, self._us = namespace, neighbor
        self._there, self._site = there, Exabgp(other, BEHIND, there, [Neighbor(here, asn)])
        self._daemon = kind(namespace, asn, address, [])
        self.asn = asn

    @property
    def asn(self):
        return self._daemon.asn

    @asn.setter
    def asn(self, asn):
        """From the next start on. To Bascule it is the next hop of all."""
        neighbor, (site,) = self._us, self._site.neighbors
        self._daemon.asn = asn
        self._daemon.neighbors = (Neighbor(neighbor.address, neighbor.asn, multihop=neighbor.multihop, next_hop_self=True),
                                  Neighbor(self._there, BEHIND))
        if site.asn != asn:
            self._site.stop()
            self._site.neighbors = (Neighbor(site.address, asn),)

    @property
    def announced(self):
        return self._site.announced

    def announce(self, prefix, *as_path, **attributes):
        """The path as Bascule is to see it: a number of the gateway's own, in front, is added by itself."""
        ebgp = self.asn != self._us.asn
        self._site.announce(prefix, *(as_path[1:] if ebgp else as_path), **attributes)

    def withdraw(self, *prefixes):
        self._site.withdraw(*prefixes)

    def start(self):
        self._daemon.start()
        if not self._site.running:
            self._site.start()

    def kill(self):
        """The gateway; what is behind it lives on."""
        self._daemon.kill()

    @property
    def name(self):
        return self._daemon.name

    @property
    def router_id(self):
        return self._daemon.router_id

    @property
    def running(self):
        return self._daemon.running

    def session(self, peer):
        return self._daemon.session(peer) if self.running else None

    def received(self, peer):
        return self._daemon.received(peer) if self.running else {}
