"""BIRD 2."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from families import V4

from .base import Daemon, Route

ATTRIBUTE = re.compile(r"^\tBGP\.(\w+): ?(.*)$")
NET = re.compile(r"^([0-9a-f.:]+/\d+)\s")


@dataclass(frozen=True, eq=False)
class Since:
    """When a session came up. BIRD computes it anew for each answer, give or take some microseconds."""

    time: datetime

    def __eq__(self, other):
        return isinstance(other, Since) and abs(self.time - other.time) < timedelta(milliseconds=10)


class Bird(Daemon):
    fib = True

    def config(self):
        text = [
            f"router id {self.router_id};",
            "log stderr all;",
            "timeformat protocol iso long us;",
            # Its main loop sleeps up to 3 s on what it has yet to do, unless a timer wakes it: see nudge().
            "protocol device { scan time 1; }",
            "function no_private() { bgp_path.delete([64512..65534, 4200000000..4294967294]); }",
        ]
        for family in self.families:
            own = " ".join(f"route {prefix} blackhole;" for prefix in self.networks if family.has(prefix))
            text += [f"protocol direct {{ {family}; }}",  # next hops of multihop sessions resolve through it
                     f"protocol kernel {{ merge paths on; {family} {{ import none; export where source = RTS_BGP; }}; }}",
                     f"protocol static local_{family} {{ {family}; {own} }}"]
        for n in self.neighbors:
            ibgp = n.asn == self.asn
            options = [f"local as {self.asn};", f"neighbor {n.address} as {n.asn};", f"hold time {n.hold_s};",
                       "connect delay time 1; connect retry time 1; error wait time 1, 2; startup hold time 10;"]
            if n.multihop:
                options.append("multihop 255;")
            elif ibgp:
                options.append("direct;")
            if n.ttl_security:
                options.append("ttl security on;")
            if n.password:
                options.append(f'password "{n.password}";')
            strip = "no_private(); " if n.remove_private else ""
            for family in self.families:
                # It finds an address of IPv6 by itself where the neighbor is on link.
                own = f"next hop address {self.own_address(family)};" if n.multihop and family is not V4 else ""
                options.append(
                    f"{family} {{ import table on; import all; {own} next hop self {'yes' if n.next_hop_self else 'no'};"
                    f" export filter {{ if source ~ [RTS_STATIC, RTS_BGP] then {{ {strip}accept; }} reject; }}; }};")
            text.append(f"protocol bgp {_protocol(n.address)} {{ {' '.join(options)} }}")
        return "\n".join(text) + "\n"

    def start(self):
        (self.dir / "bird.conf").write_text(self.config())
        (self.dir / "bird.ctl").unlink(missing_ok=True)
        self.processes.append(self.namespace.start(
            "bird", "bird", "-f", "-c", self.dir / "bird.conf", "-s", self.dir / "bird.ctl",
            "-P", self.dir / "bird.pid"))
        self.processes[-1].ready(lambda: self._birdc("show status", check=False).returncode == 0, "control socket")

    def originate(self, *networks):
        """Announce these networks of its own from now on, and no others; sessions stay."""
        self.networks = self.with_others(networks)
        (self.dir / "bird.conf").write_text(self.config())
        self.namespace.run("birdc", "-s", self.dir / "bird.ctl", "configure")

    def _birdc(self, command, check=True):
        return self.namespace.run("birdc", "-r", "-s", self.dir / "bird.ctl", *command.split(), check=check)

    def nudge(self):
        """It sleeps on its answer to a ROUTE-REFRESH, for one, until anything else happens."""
        self._birdc("show status")

    def session(self, peer):
        # name  proto  table  state  since (date and time)  info
        words = self._birdc(f"show protocols {_protocol(self.peer(peer))}").stdout.splitlines()[-1].split()
        return Since(datetime.fromisoformat(" ".join(words[4:6]))) if words[-1] == "Established" else None

    def withdraws(self, peer):
        """How many withdrawals this peer has sent us, ever."""
        return self._counted(peer, "Import withdraws:")

    def updates(self, peer):
        """How many routes this peer has announced to us, ever, each announcement counted."""
        return self._counted(peer, "Import updates:")

    def _counted(self, peer, what):
        """Of all families."""
        return sum(int(line.split()[2]) for line in self.said(peer).splitlines() if what in line)

    def said(self, peer):
        """All that there is to say of the session, why it went down included."""
        return self._birdc(f"show protocols all {_protocol(self.peer(peer))}").stdout

    def received(self, peer):
        routes, prefix, attributes = {}, None, {}
        for line in [line for family in self.families for line in
                     self._birdc(f"show route all import table {_protocol(self.peer(peer))}.{family}").stdout.splitlines()]:
            if net := NET.match(line):
                prefix, attributes = net[1], {}
            elif prefix and (attribute := ATTRIBUTE.match(line)):
                attributes[attribute[1]] = attribute[2]
                routes[prefix] = _route(prefix, attributes)
        return routes


def _protocol(address):
    return "bgp_" + address.replace(".", "_").replace(":", "_")


def _route(prefix, attributes):
    return Route(prefix, attributes.get("next_hop", "").split(" ")[0],
                 tuple(int(asn) for asn in attributes.get("as_path", "").split() if asn.isdigit()),
                 tuple(sorted(f"{a}:{b}" for a, b in re.findall(r"\((\d+),(\d+)\)", attributes.get("community", "")))),
                 int(attributes["local_pref"]) if "local_pref" in attributes else None)
