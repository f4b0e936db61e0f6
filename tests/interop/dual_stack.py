"""BGP daemons of one LAN that speak of both families, by sessions of every kind: over IPv4, over IPv6, over one of each, and
over link-local addresses. Their configurations are here; all else about them is in daemons/.

A speaker has an address of each kind that ends with its number, and behind it a network of each family with one host."""

from dataclasses import dataclass

from daemons import Bird, Frr, Gobgp, Neighbor, Openbgpd

FAMILIES = ("ipv4", "ipv6")
INTERFACE = "eth0"
RESTART_S = 30


@dataclass(frozen=True)
class Session(Neighbor):
    """One session of a speaker."""

    families: tuple = FAMILIES
    passive: bool = False  # it waits to be called; BIRD

    @property
    def link_local(self):
        return self.address.startswith("fe80:")

    @property
    def zoned(self):
        return f"{self.address}%{INTERFACE}" if self.link_local else self.address


def address(number, kind):
    """"ipv4", "ipv6" or "link-local"."""
    return {"ipv4": f"10.0.2.{number}", "ipv6": f"2001:db8:2::{number}", "link-local": f"fe80::{number}"}[kind]


def network(number, family):
    return {"ipv4": f"172.16.{number}.0/24", "ipv6": f"2001:db8:{number}::/48"}[family]


def host(number, family):
    """The one that answers in a speaker's network."""
    return {"ipv4": f"172.16.{number}.1", "ipv6": f"2001:db8:{number}::1"}[family]


def of_family(prefixes, family):
    return [prefix for prefix in prefixes if (":" in prefix) == (family == "ipv6")]


class DualBird(Bird):
    def config(self):
        lines = [f"router id {self.router_id};", "log stderr all;", "timeformat protocol iso long us;",
                 "protocol device { scan time 1; }", "protocol direct { ipv4; ipv6; }"]
        for family in FAMILIES:
            routes = " ".join(f"route {prefix} blackhole;" for prefix in of_family(self.networks, family))
            lines += [f"protocol kernel {{ {family} {{ import none; export where source = RTS_BGP; }}; }}",
                      f"protocol static {{ {family}; {routes} }}"]
        for session in self.neighbors:
            channels = [f"{family} {{ import all; export where source = RTS_STATIC;"
                        f"{' extended next hop on;' if family == 'ipv4' else ''} }};" for family in session.families]
            lines.append(f"protocol bgp {_protocol(session.address)} {{ local as {self.asn}; neighbor {session.zoned} as {session.asn};"
                         f" hold time {session.hold_s}; connect delay time 1; connect retry time 1; error wait time 1, 2;"
                         f" graceful restart on; graceful restart time {RESTART_S};"
                         f"{' passive on;' if session.passive else ''}{' ttl security on;' if session.ttl_security else ''}"
                         f"{f' password {chr(34)}{session.password}{chr(34)};' if session.password else ''} {' '.join(channels)} }}")
        return "\n".join(lines) + "\n"

    def ask_again(self):
        """A ROUTE-REFRESH for each family of each session."""
        for session in self.neighbors:
            self.namespace.run("birdc", "-s", self.dir / "bird.ctl", "reload", "in", _protocol(session.address))
            self.nudge()

    def knows(self, prefix):
        return "BGP.as_path" in self._birdc(f"show route for {prefix} all", check=False).stdout


def _protocol(of):
    return "bgp_" + of.replace(".", "_").replace(":", "_")


class DualFrr(Frr):
    def config(self):
        lines = [f"router bgp {self.asn}", f" bgp router-id {self.router_id}", " no bgp ebgp-requires-policy",
                 " no bgp network import-check", " no bgp default ipv4-unicast", " bgp graceful-restart",
                 f" bgp graceful-restart restart-time {RESTART_S}", " bgp graceful-restart preserve-fw-state"]
        for session in self.neighbors:
            at = f" neighbor {session.address}"
            lines += [f"{at} remote-as {session.asn}", f"{at} timers {session.hold_s // 3} {session.hold_s}", f"{at} timers connect 1",
                      f"{at} advertisement-interval 0"]
            if session.link_local:
                lines.append(f"{at} interface {INTERFACE}")
            if ":" in session.address:
                lines.append(f"{at} capability extended-nexthop")
            if session.ttl_security:
                lines.append(f"{at} ttl-security hops {session.ttl_security}")
            if session.password:
                lines.append(f"{at} password {session.password}")
        for family in FAMILIES:
            lines += [f" address-family {family} unicast", *(f"  network {prefix}" for prefix in of_family(self.networks, family)),
                      *(f"  neighbor {session.address} activate" for session in self.neighbors if family in session.families),
                      " exit-address-family"]
        return "\n".join([*lines, ""])

    def ask_again(self):
        for session in self.neighbors:
            for family in session.families:
                self._vty(f"clear bgp {family} unicast {session.address} soft in")

    def knows(self, prefix):
        family = "ipv6" if ":" in prefix else "ipv4"
        return bool(self._shown(f"show bgp {family} unicast {prefix}").get("paths"))


class DualGobgp(Gobgp):
    def config(self):
        lines = ["[global.config]", f"as = {self.asn}", f'router-id = "{self.router_id}"']
        for session in self.neighbors:
            lines += ["[[neighbors]]", "[neighbors.config]", f'neighbor-address = "{session.zoned}"', f"peer-as = {session.asn}"]
            if session.password:
                lines.append(f'auth-password = "{session.password}"')
            lines += ["[neighbors.timers.config]", f"hold-time = {session.hold_s}", f"keepalive-interval = {session.hold_s // 3}",
                      "connect-retry = 5", "idle-hold-time-after-reset = 1",
                      "[neighbors.graceful-restart.config]", "enabled = true", f"restart-time = {RESTART_S}"]
            if session.link_local:  # else the first that the interface has
                lines += ["[neighbors.transport.config]", f'local-address = "{address(self.asn - 65000, "link-local")}%{INTERFACE}"']
            if session.ttl_security:
                lines += ["[neighbors.ttl-security.config]", "enabled = true", f"ttl-min = {256 - session.ttl_security}"]
            for family in session.families:
                lines += ["[[neighbors.afi-safis]]", "[neighbors.afi-safis.config]", f'afi-safi-name = "{family}-unicast"',
                          "[neighbors.afi-safis.mp-graceful-restart.config]", "enabled = true"]
        return "\n".join(lines) + "\n"

    def announce(self, prefix, next_hop=None, communities=()):
        family = "ipv6" if ":" in prefix else "ipv4"
        own = address(self.asn - 65000, "ipv6") if ":" in prefix else "0.0.0.0"  # "::" is none over IPv4
        self.namespace.run("gobgp", "global", "rib", "add", prefix, "-a", family, "nexthop", own, "origin", "igp")

    def knows(self, prefix):
        return bool(self._gobgp("global", "rib", prefix, "-a", "ipv6" if ":" in prefix else "ipv4", check=False))


class DualOpenbgpd(Openbgpd):
    def config(self):
        lines = [f"AS {self.asn}", f"router-id {self.router_id}", "fib-update no", "connect-retry 1",
                 f'socket "{self.dir}/bgpd.sock"', *(f"network {prefix}" for prefix in self.networks)]
        for session in self.neighbors:
            lines += [f"neighbor {session.zoned} {{", f"  remote-as {session.asn}", f"  holdtime {session.hold_s}"]
            if session.ttl_security:
                lines.append("  ttl-security yes")
            lines += [*(f"  announce {family.replace('ipv', 'IPv')} unicast" for family in session.families), "}"]
        return "\n".join([*lines, "allow from any", "allow to any", ""])

    def knows(self, prefix):
        return bool(self._bgpctl("show", "rib", prefix).get("rib"))


DAEMONS = {"bird": DualBird, "frr": DualFrr, "gobgp": DualGobgp, "openbgpd": DualOpenbgpd}
