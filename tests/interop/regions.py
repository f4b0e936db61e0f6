"""Regions built alike, with the same addresses, that know nothing of each other: a Bascule each, the LANs of its ports,
an NVA's and an ExpressRoute gateway's place. Where a region's gateway leads is the test's."""

from bascule import Bascule
from networks import ASN, VNET

NVA, ERGW = "10.0.2.4", "10.0.255.36"
US, US_ER, US_VNET = "10.0.2.1", "10.0.255.33", "10.0.1.4"
PORTS = {"er0": ("expressroute", f"{US_ER}/28"), "vpn0": ("vpn", "10.0.255.1/28"), "nva0": ("nva", f"{US}/24"),
         "vnet0": ("vnet", f"{US_VNET}/24")}


def region_bascule(lab, i):
    """The Bascule of region `i`, with route exchange on. Its LANs are called by its ports' names and `i`."""
    namespace = lab.namespace(f"rs{i}")
    for port in PORTS:
        namespace.join(lab.lan(f"{port}{i}"), port)
        namespace.keep_kernel_off(port)
    return Bascule(namespace, "ab"[i], {
        "instance": {"asn": ASN, "router_id": US_VNET},
        "exchange": {"enabled": True},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "idle": "adaptive", "memory_mb": 512,
                      "ports": [{"name": name, "role": role, "addresses": [address]}
                                for name, (role, address) in PORTS.items()]},
        "control": {"lcores": [1]},
        "vnet": [{"prefix": VNET, "port": "vnet0"}],
        "gateways": [{"name": "ergw", "role": "expressroute", "addresses": [ERGW]}],
        "peers": [{"name": "nva-a", "address": NVA, "asn": 65001, "multihop": True}],
    })
