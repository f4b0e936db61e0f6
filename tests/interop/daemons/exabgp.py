"""ExaBGP: a speaker without a RIB. Says exactly what a test wants said, and writes down what it hears."""

import json

from families import V4, V6

from .base import Daemon, Route


class Exabgp(Daemon):
    def __init__(self, namespace, asn, router_id, neighbors, networks=(), announcements=()):
        """`announcements`: more routes in ExaBGP's own words, "10.1.0.0/16 next-hop self community [65535:65282]"."""
        super().__init__(namespace, asn, router_id, neighbors, networks)
        self.announced = set()  # by announce(), and not withdrawn since: what it says again in a new session
        self.announcements = [f"{prefix} next-hop {self._self(prefix)}" for prefix in self.networks] + list(announcements)

    def _self(self, prefix):
        """What it has to say for itself: "self" is the session's end, whatever the family."""
        return "self" if V4.has(prefix) else self.own_address(V6)

    def config(self):
        families = " ".join(f"{family} unicast;" for family in self.families)
        text = [f"process listener {{ run {self.dir}/listen; encoder json; }}"]
        for n in self.neighbors:
            password = f"md5-password '{n.password}'; " if n.password else ""
            multihop = "outgoing-ttl 255; " if n.multihop else ""
            static = " ".join(f"route {route};" for route in self.announcements)
            text.append(
                f"neighbor {n.address} {{ router-id {self.router_id}; local-as {self.asn}; peer-as {n.asn};"
                f" local-address {self._local_address(n.address)}; hold-time {n.hold_s}; {password}{multihop}"
                f"family {{ {families} }} static {{ {static} }}"
                f" api {{ processes [ listener ]; neighbor-changes; receive {{ parsed; update; }} }} }}")
        return "\n".join(text) + "\n"

    def _local_address(self, peer):
        words = self.namespace.run("ip", "route", "get", peer).stdout.split()
        return words[words.index("src") + 1]

    def start(self):
        listen = self.dir / "listen"
        # The shell stays, and with it the open stdout that ExaBGP takes for the sign of life.
        listen.write_text(f"#!/bin/sh\ntail -n +1 -f {self.dir}/said &\nexec cat >>{self.dir}/heard\n")
        listen.chmod(0o755)
        (self.dir / "heard").write_text("")
        (self.dir / "said").write_text("")
        (self.dir / "exabgp.conf").write_text(self.config())
        self.processes.append(self.namespace.start(
            "exabgp", "exabgp", self.dir / "exabgp.conf",
            env={"exabgp.daemon.user": "root", "exabgp.api.cli": "false", "exabgp.api.ack": "false"}))
        self.processes[-1].ready(lambda: "welcome" in self.processes[-1].log(), "start")

    def say(self, *commands):
        """Commands to the running ExaBGP, in its own words, for all neighbors."""
        with open(self.dir / "said", "a") as said:
            said.writelines(command + "\n" for command in commands)

    def announce(self, prefix, *as_path, next_hop=None, communities=(), med=None, to=None):
        """As it is written here, our own AS number included; without a path: as ExaBGP would. `to`: one neighbor alone."""
        path = f" as-path [ {' '.join(map(str, as_path))} ]" if as_path else ""
        marks = f" community [ {' '.join(communities)} ]" if communities else ""
        metric = "" if med is None else f" med {med}"
        self.announced.add(prefix)
        whom = f"neighbor {self.peer(to)} " if to else ""
        self.say(f"{whom}announce route {prefix} next-hop {next_hop or self._self(prefix)}{path}{metric}{marks}")

    def withdraw(self, *prefixes):
        self.announced.difference_update(prefixes)
        self.say(*(f"withdraw route {prefix} next-hop {self._self(prefix)}" for prefix in prefixes))

    def _heard(self, peer):
        if not self.running:
            return  # what is written there ended with it
        peer = self.peer(peer)
        written = (self.dir / "heard").read_text()
        for line in written[:written.rfind("\n") + 1].splitlines():  # the last one may be half there
            message = json.loads(line)
            if message.get("neighbor", {}).get("address", {}).get("peer") == peer:
                yield message

    def session(self, peer):
        mark = None
        for count, message in enumerate(self._heard(peer)):
            if message["type"] == "state":
                mark = count + 1 if message["neighbor"]["state"] == "up" else None
        return mark

    def history(self, peer):
        """After each message, and at the beginning: {prefix: Route}, good until the next one."""
        routes = {}
        yield routes
        for message in self._heard(peer):
            if message["type"] == "state" and message["neighbor"]["state"] != "up":
                routes.clear()
            update = message["neighbor"].get("message", {}).get("update", {})
            for family in self.families:
                for nlri in update.get("withdraw", {}).get(f"{family} unicast", []):
                    routes.pop(nlri["nlri"], None)
                for next_hop, nlris in update.get("announce", {}).get(f"{family} unicast", {}).items():
                    for nlri in nlris:
                        if "nlri" in nlri:
                            routes[nlri["nlri"]] = _route(nlri["nlri"], next_hop, update.get("attribute", {}))
            yield routes

    def received(self, peer):
        for routes in self.history(peer):
            pass
        return routes


def _route(prefix, next_hop, attributes):
    communities = sorted(f"{a}:{b}" for a, b in attributes.get("community", []))
    return Route(prefix, next_hop, tuple(attributes.get("as-path", [])), tuple(communities), attributes.get("local-preference"))
