"""FRR: zebra and bgpd started directly, each lab with its own sockets; no watchfrr, no frrinit."""

import json
import shutil
import socket

from lab import LabError

from .base import Daemon, Route

NAMES = {"graceful-shutdown": "65535:0", "blackhole": "65535:666", "no-export": "65535:65281",
         "no-advertise": "65535:65282", "local-AS": "65535:65283", "no-peer": "65535:65284"}


class Frr(Daemon):
    fib = True

    def config(self):
        lines = [f"router bgp {self.asn}", f" bgp router-id {self.router_id}", " no bgp ebgp-requires-policy",
                 " no bgp network import-check", " no bgp default ipv4-unicast"]
        for n in self.neighbors:
            at = f" neighbor {n.address}"
            lines += [f"{at} remote-as {n.asn}", f"{at} timers {n.hold_s // 3} {n.hold_s}", f"{at} timers connect 1",
                      f"{at} advertisement-interval 0"]
            if n.multihop:
                lines.append(f"{at} ebgp-multihop 255")
            if n.ttl_security:
                lines.append(f"{at} ttl-security hops {n.ttl_security}")
            if n.password:
                lines.append(f"{at} password {n.password}")
        return "\n".join(lines + [line for family in self.families for line in self._family(family)] + [""])

    def _family(self, family):
        lines = [f" address-family {family} unicast", "  maximum-paths 16", "  maximum-paths ibgp 16"]
        lines += [f"  network {prefix}" for prefix in self.networks if family.has(prefix)]
        for n in self.neighbors:
            at = f"  neighbor {n.address}"
            lines += [f"{at} activate", f"{at} soft-reconfiguration inbound"]
            if n.next_hop_self:
                lines.append(f"{at} next-hop-self")
            if n.remove_private:
                lines.append(f"{at} remove-private-AS all")
        return lines + [" exit-address-family"]

    def start(self):
        zserv = self.dir / "zserv.api"
        zserv.unlink(missing_ok=True)
        (self.dir / "zebra.conf").write_text("")
        (self.dir / "bgpd.conf").write_text(self.config())
        for path in (self.dir, *self.dir.iterdir()):
            shutil.chown(path, "frr", "frr")
        self._start("zebra", "/usr/lib/frr/zebra")
        self.processes[-1].ready(zserv.exists, "zebra's socket")
        self._start("bgpd", "/usr/lib/frr/bgpd")
        self.processes[-1].ready(lambda: self._answers("show bgp summary json"), "bgpd's VTY")

    def _start(self, name, program):
        self.processes.append(self.namespace.start(
            name, program, "-i", self.dir / f"{name}.pid", "--vty_socket", self.dir, "-z", self.dir / "zserv.api",
            "-f", self.dir / f"{name}.conf", "--log", "stdout"))

    def _vty(self, *commands):
        """What bgpd answers to the last of them, on the socket that vtysh would use: to start vtysh takes 50 ms of CPU."""
        with socket.socket(socket.AF_UNIX) as vty:
            vty.settimeout(30)
            vty.connect(str(self.dir / "bgpd.vty"))
            for command in ("enable", *commands):
                vty.sendall(command.encode() + b"\0")
                answer = b""
                while len(answer) < 4 or answer[-4:-1] != b"\0\0\0":  # then comes the status
                    piece = vty.recv(1 << 16)
                    if not piece:
                        raise LabError(f"{self.name}: {command}: bgpd hung up")
                    answer += piece
                if answer[-1]:
                    raise LabError(f"{self.name}: {command}: status {answer[-1]}: {answer[:-4].decode(errors='replace')}")
        return answer[:-4].decode()

    def _answers(self, command):
        try:
            return self._vty(command)
        except (OSError, LabError):
            return None

    def _shown(self, command):
        """The command's JSON output as plain data."""
        answer = self._vty(f"{command} json")
        try:
            return json.loads(answer or "{}")
        except ValueError:
            raise LabError(f"{self.name}: {command}: {answer}") from None

    def configure(self, *commands):
        """Lines of configuration to the running bgpd."""
        self._vty("configure terminal", *commands)

    def originate(self, *networks):
        """Announce these networks of its own from now on, and no others; sessions stay."""
        networks = self.with_others(networks)
        gone, new = set(self.networks) - set(networks), set(networks) - set(self.networks)
        self.networks = networks
        for family in self.families:
            lines = [*(f"no network {prefix}" for prefix in sorted(gone)), *(f"network {prefix}" for prefix in sorted(new))]
            if lines := [line for line in lines if family.has(line)]:
                self.configure(f"router bgp {self.asn}", f"address-family {family} unicast", *lines)

    def session(self, peer):
        peer = self.peer(peer)
        neighbor = self._shown(f"show bgp neighbors {peer}").get(peer, {})
        if neighbor.get("bgpState") != "Established":
            return None
        return self.processes[-1].pid, neighbor["connectionsEstablished"]

    def told(self, peer):
        """The NOTIFICATION by which the last session has ended, if it was one: "Cease/Administrative Shutdown"."""
        peer = self.peer(peer)
        return self._shown(f"show bgp neighbors {peer}").get(peer, {}).get("lastNotificationReason")

    def received(self, peer):
        # The list of a peer's routes lacks communities; the answer for a prefix, if it was accepted, has everything.
        peer = self.peer(peer)
        routes = {}
        for family in self.families:
            answer = self._shown(f"show bgp {family} unicast neighbors {peer} received-routes")
            routes |= {prefix: self._accepted(peer, prefix) or
                       Route(prefix, row.get("nextHop") or row["nextHopGlobal"], _as_path(row["path"]), None)
                       for prefix, row in answer.get("receivedRoutes", {}).items()}
        return routes

    def accepted(self, peer):
        """{prefix: Route} of what it received and did not refuse, as it does with its own AS number in the path."""
        routes = {prefix: self._accepted(peer, prefix) for prefix in self.received(peer)}
        return {prefix: route for prefix, route in routes.items() if route}

    def refreshes(self, peer):
        """How many ROUTE-REFRESH this peer has sent us in this session."""
        peer = self.peer(peer)
        return self._shown(f"show bgp neighbors {peer}")[peer]["messageStats"]["routeRefreshRecv"]

    def _accepted(self, peer, prefix):
        peer = self.peer(peer)
        family = next(family for family in self.families if family.has(prefix))
        for path in self._shown(f"show bgp {family} unicast {prefix}").get("paths", []):
            if path["peer"].get("peerId") == peer:
                next_hop = next(hop["ip"] for hop in path["nexthops"] if hop.get("scope", "global") == "global")
                return Route(prefix, next_hop, _as_path(path["aspath"]["string"]),
                             _communities(path.get("community", {}).get("string", "")), path.get("locPrf"))
        return None


def _as_path(text):
    return tuple(int(asn) for asn in text.split() if asn.isdigit())


def _communities(text):
    return tuple(sorted(NAMES.get(word, word) for word in text.split()))
