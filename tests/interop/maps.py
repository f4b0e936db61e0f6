"""Route maps for the tests of S25: given to a peer or a gateway of hub.py by reload, and what came of them."""

import collections

from families import OF_TWINS

LAB = ["10.122.1.0/24", "10.122.2.0/24", "10.122.3.0/24"]
SITES = ["10.2.1.0/24", "10.2.2.0/24", "10.2.3.0/24"]
SUMMARY = "10.2.0.0/16"
KEPT = "10.100.0.0/16"
OTHER = "172.16.9.0/24"

DROP_LAB = {"name": "lab", "match": {"prefix_contains": ["10.122.0.0/16"]}, "action": "drop"}
PREPEND = {"name": "prepend", "action": {"as_path_add": [64511, 64510]}}
SUMMARISE = {"name": "sites", "match": {"prefix_contains": [SUMMARY]}, "action": {"prefix_replace": SUMMARY}}


def maps(hub, inbound=(), outbound=(), of="nva-a"):
    """Give these rules to one of the configuration's peers or gateways, live, and none to the others."""
    config = hub.bascule.config
    config["route_maps"] = []
    for peer in (*config["peers"], *config["gateways"]):
        for direction, rules in (("inbound", inbound), ("outbound", outbound)):
            peer.pop(f"{direction}_map", None)
            if rules and peer["name"] == of:
                config["route_maps"].append({"name": direction, "rules": list(rules)})
                peer[f"{direction}_map"] = direction
    hub.reload()


def learned(hub, which="--learned"):
    return {row["prefix"]: row for row in hub.bascule.cli("show", "routes", "--peer", "nva-a", which)}


def hits(hub):
    """{rule: hits}, those of a rule's twin among them"""
    rules = collections.Counter()
    for row in hub.bascule.cli("show", "policy"):
        rules[row["rule"].removesuffix(OF_TWINS)] += row["hits"]
    return rules


def announce(hub, *prefixes, **options):
    """From NVA A."""
    for prefix in prefixes:
        hub.a.announce(prefix, 65001, **options)
