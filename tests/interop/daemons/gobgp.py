"""GoBGP. It keeps its routes to itself: a router that runs it here forwards by static kernel routes."""

import json

from families import V4, V6

from .base import Daemon, Route


class Gobgp(Daemon):
    def config(self):
        lines = ["[global.config]", f"as = {self.asn}", f'router-id = "{self.router_id}"']
        for n in self.neighbors:
            lines += ["[[neighbors]]", "[neighbors.config]", f'neighbor-address = "{n.address}"', f"peer-as = {n.asn}"]
            if n.password:
                lines.append(f'auth-password = "{n.password}"')
            lines += ["[neighbors.timers.config]", f"hold-time = {n.hold_s}", f"keepalive-interval = {n.hold_s // 3}",
                      "connect-retry = 5", "idle-hold-time-after-reset = 1"]
            # Keep our routes while our control restarts (RFC 4724), but promise nothing for itself.
            lines += ["[neighbors.graceful-restart.config]", "enabled = true", "helper-only = true",
                      "restart-time = 120"]
            for family in self.families:
                lines += ["[[neighbors.afi-safis]]", "[neighbors.afi-safis.config]", f'afi-safi-name = "{family}-unicast"',
                          "[neighbors.afi-safis.mp-graceful-restart.config]", "enabled = true"]
            if n.multihop:
                lines += ["[neighbors.ebgp-multihop.config]", "enabled = true", "multihop-ttl = 255"]
        return "\n".join(lines) + "\n"

    def start(self):
        (self.dir / "gobgpd.toml").write_text(self.config())
        self.processes.append(self.namespace.start(
            "gobgpd", "gobgpd", "-f", self.dir / "gobgpd.toml", "--api-hosts", "127.0.0.1:50051"))
        self.processes[-1].ready(lambda: self._gobgp("neighbor", check=False) is not None, "API")
        for prefix in self.networks:
            self.announce(prefix)

    def _gobgp(self, *words, check=True):
        done = self.namespace.run("gobgp", "-j", *words, check=check)
        return json.loads(done.stdout or "null") if not done.returncode else None

    def announce(self, prefix, next_hop=None, communities=()):
        own = "0.0.0.0" if V4.has(prefix) else self.own_address(V6)
        words = ["community", ",".join(communities)] if communities else []
        self._rib("add", prefix, "nexthop", next_hop or own, "origin", "igp", *words)

    def withdraw(self, prefix):
        self._rib("del", prefix)

    def _rib(self, verb, prefix, *words):
        self.namespace.run("gobgp", "global", "rib", "-a", "ipv4" if V4.has(prefix) else "ipv6", verb, prefix, *words)

    def session(self, peer):
        peer = self.peer(peer)
        for neighbor in self._gobgp("neighbor") or []:
            if neighbor["conf"]["neighbor_address"] == peer and neighbor["state"].get("session_state") == 6:
                return neighbor["timers"]["state"]["uptime"]["seconds"]  # wall clock at which it came up
        return None

    def received(self, peer):
        peer = self.peer(peer)
        routes = {}
        for family in self.families:
            routes |= self._gobgp("neighbor", peer, "adj-in", "-a", family) or {}
        return {prefix: _route(prefix, paths[0]["attrs"]) for prefix, paths in routes.items()}


def _route(prefix, attributes):
    next_hop, as_path, communities = "", (), ()
    for attribute in attributes:
        if attribute["type"] == 2:
            as_path = tuple(asn for segment in attribute["as_paths"] or [] for asn in segment["asns"])
        elif attribute["type"] in (3, 14):  # MP_REACH_NLRI has its own
            next_hop = attribute["nexthop"]
        elif attribute["type"] == 8:
            communities = tuple(sorted(f"{c >> 16}:{c & 0xffff}" for c in attribute["communities"]))
    return Route(prefix, next_hop, as_path, communities)
