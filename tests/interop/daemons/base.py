"""What all BGP daemons have in common: how a test describes a speaker, and how a speaker describes its routes."""

from dataclasses import dataclass

from families import FAMILIES, V4, Told, twin


@dataclass(frozen=True)
class Neighbor:
    """One BGP session as the daemon's operator would configure it."""

    address: str
    asn: int
    password: str = ""  # TCP-MD5 (RFC 2385)
    multihop: bool = False  # for eBGP: more than one hop away
    next_hop_self: bool = False
    remove_private: bool = False  # take private AS numbers out of what we send, as an ExpressRoute edge does
    hold_s: int = 180
    ttl_security: int = 0  # hops that it may be away (RFC 5082); FRR, and BIRD with 1


@dataclass(frozen=True)
class Route:
    """A route as a peer received it."""

    prefix: str
    next_hop: str
    as_path: tuple = ()
    communities: tuple = ()  # "65517:65517", sorted
    local_pref: int = None  # as received by iBGP; BIRD and FRR have one for each path


class Daemon:
    """A BGP daemon in a namespace. Subclasses write its configuration, start it, and read its tables.

    Views:
        session(peer)   something that identifies the established session, or None. If it has not changed, the session
                        was not re-established meanwhile.
        received(peer)  Adj-RIB-In, before policy: {prefix: Route}
    """

    seen_as = Told
    fib = False  # does it put routes into the kernel of its namespace?
    session_each = False  # has it a session for each family, with the twins of its neighbors, and not one for both?

    def __init__(self, namespace, asn, router_id, neighbors, networks=()):
        self.namespace, self.asn, self.router_id = namespace, asn, router_id
        self.families = FAMILIES if namespace.lab.both else (V4,)
        self.neighbors, self.networks = self._sessions(neighbors), self.of_all(networks)
        self.dir = namespace.lab.dir / f"{namespace.name}.{type(self).__name__.lower()}"
        self.dir.mkdir(exist_ok=True)
        self.processes = []

    def _sessions(self, neighbors):
        each = self.families if self.session_each else (V4,)
        return tuple(family.say(neighbor) for family in each for neighbor in neighbors)

    def of_all(self, prefixes):
        """With the twin of each, if we speak of them."""
        return tuple(dict.fromkeys(family.say(prefix) for family in self.families for prefix in prefixes))

    def with_others(self, networks):
        """`networks`, and of those of ours that are of another family."""
        kept = [mine for mine in self.networks if networks and not any(V4.has(mine) == V4.has(new) for new in networks)]
        return (*kept, *networks)

    def peer(self, address):
        """As the session's other end is configured, if `address` is that or its twin."""
        configured = [n.address for n in self.neighbors]
        return address if address in configured else next((a for a in configured if twin(a) == twin(address)), address)

    def own_address(self, family):
        """Ours as a next hop, on the LAN of our router ID."""
        return family.say(self.router_id)

    @property
    def name(self):
        return f"{type(self).__name__} {self.namespace.name}"

    @property
    def running(self):
        return bool(self.processes) and all(process.alive for process in self.processes)

    def start(self):
        raise NotImplementedError

    def session(self, peer):
        raise NotImplementedError

    def received(self, peer):
        raise NotImplementedError

    def nudge(self):
        """Do at once what is only waiting for the main loop to wake."""

    def stop(self):
        """End gracefully: peers get a Cease."""
        for process in reversed(self.processes):
            process.stop()
        self.processes = []

    def kill(self):
        """SIGKILL: the kernel closes the connections, nobody says good-bye."""
        for process in self.processes:
            process.kill()
        self.processes = []

    def prefixes(self, peer):
        """Only the prefixes of received(), sorted."""
        return sorted(self.received(peer))
