"""OpenBGPD. On Linux it cannot reach the kernel's FIB or its TCP-MD5: static kernel routes, no passwords. It finds no next hop
of IPv6 for a session over IPv4 (fatal in its RDE)."""

import json
import pwd
from pathlib import Path

from families import V4

from .base import Daemon, Route


class Openbgpd(Daemon):
    session_each = True

    def config(self):
        lines = [f"AS {self.asn}", f"router-id {self.router_id}", "fib-update no", "connect-retry 1",
                 f'socket "{self.dir}/bgpd.sock"']
        lines += [f"network {prefix}" for prefix in self.networks]
        for n in self.neighbors:
            lines += [f"neighbor {n.address} {{", f"  remote-as {n.asn}", f"  holdtime {n.hold_s}"]
            if n.multihop:
                lines.append("  multihop 255")
            lines += [f"  announce {'IPv4' if V4.has(n.address) else 'IPv6'} unicast", "}"]
        return "\n".join(lines + ["allow from any", "allow to any", ""])

    def start(self):
        # Its unprivileged halves live in a chroot that the package leaves to systemd to make.
        Path(pwd.getpwnam("_openbgpd").pw_dir).mkdir(mode=0o755, exist_ok=True)
        conf = self.dir / "bgpd.conf"
        conf.write_text(self.config())
        conf.chmod(0o600)
        self.processes.append(self.namespace.start("openbgpd", "/usr/sbin/bgpd", "-d", "-f", conf))
        self.processes[-1].ready(lambda: self._bgpctl("show", "neighbor", check=False) is not None, "control socket")

    def _bgpctl(self, *words, check=True):
        done = self.namespace.run("bgpctl", "-j", "-s", self.dir / "bgpd.sock", *words, check=check)
        return json.loads(done.stdout or "{}") if not done.returncode else None

    def session(self, peer):
        peer = self.peer(peer)
        for neighbor in self._bgpctl("show", "neighbor", peer).get("neighbors", []):
            if neighbor["state"] == "Established":
                return self.processes[-1].pid, neighbor["stats"]["message"]["sent"]["open"]
        return None

    def received(self, peer):
        peer = self.peer(peer)
        rib = self._bgpctl("show", "rib", "in", "detail", "neighbor", peer).get("rib", [])
        return {r["prefix"]: Route(r["prefix"], r["exit_nexthop"], tuple(int(asn) for asn in r["aspath"].split()),
                                   tuple(sorted(r.get("communities", []))))
                for r in rib}
