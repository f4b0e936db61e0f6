"""What Bascule has in the kernel stays there, and what the host sends from Bascule's addresses follows Bascule's routes."""

import json
import signal
import struct

import pytest

from lab import named_lab, wait_for
from packets import ARP, RawPort, Sniffer, addresses, ethernet, ipv4, mac, udp
from played import US, US_ER, Hub
from traffic import tcp_transfer

US_VNET, ROUTER, HOST = "10.0.1.4", "10.0.1.1", "10.0.1.10"
SPOKE = "10.4.0.0/16"
NVA_HOST, ER_HOST = "172.16.2.10", "10.20.0.10"
OURS = (US, US_ER, US_VNET)


def configure(config):
    config["vnet"].append({"prefix": SPOKE, "port": "vnet0", "next_hop": ROUTER, "peered": True})


@pytest.fixture(scope="module")
def hub():
    """A hub whose route server has a management interface with the default route; `outside` is at its other end."""
    with named_lab("test_kernel") as lab:
        hub = Hub(lab, configure)
        hub.rs = hub.bascule.namespace
        lab.lan("mgmt")
        hub.rs.join(lab.lans["mgmt"], "mgmt0", "192.0.2.1/24")
        hub.outside = lab.namespace("outside")
        hub.outside.join(lab.lans["mgmt"], "eth0", "192.0.2.254/24")
        hub.rs.route("default", "192.0.2.254")
        hub.rs.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=1")  # as some distributions have it
        hub.host = lab.namespace("host")
        hub.host.join(lab.lans["vnet"], "eth0", f"{HOST}/24")
        hub.host.route("default", US_VNET)
        for name, address, us in (("nvab", NVA_HOST, US), ("ergw", ER_HOST, US_ER)):
            lab.namespaces[name].host_address(address)
            lab.namespaces[name].route("default", us)
        hub.start()
        yield hub


def lcp(hub, port):
    return f"{hub.bascule.name}-{port}"


def ip_json(namespace, *words):
    return json.loads(namespace.run("ip", "-json", *words, check=False).stdout or "[]")


def kernel_state(hub):
    """All that Bascule puts into the kernel, as the kernel has it; interfaces by name, since they may be made anew."""
    rs, names = hub.rs, [lcp(hub, port) for port in ("er0", "nva0", "vnet0")]
    rules = [(r["src"], r["table"]) for r in ip_json(rs, "rule") if r["priority"] == 17900]
    routes = [r for table in ("main", *sorted({t for _, t in rules})) for r in ip_json(rs, "route", "show", "table", table)]
    links = {link["ifname"]: link for link in ip_json(rs, "address")}
    settings = [rs.run("cat", f"/proc/sys/net/{name}", check=False).stdout.strip()
                for device in names for name in (f"ipv4/conf/{device}/arp_ignore", f"ipv4/conf/{device}/rp_filter",
                                                 f"ipv4/conf/{device}/forwarding")]
    return {
        "rules": sorted(rules),
        "routes": sorted((r["type"] if "type" in r else "", r["dst"], r.get("gateway", ""), r.get("dev", ""),
                          r.get("metric", 0)) for r in routes if r.get("dev") in [None, *names]),
        "links": {name: ("UP" in links[name]["flags"], links[name]["mtu"], links[name]["address"],
                         sorted((a["local"], a["prefixlen"]) for a in links[name]["addr_info"]))
                  for name in names if name in links},
        "neighbours": sorted((n["dst"], n["dev"], n.get("lladdr")) for n in ip_json(rs, "neighbour")
                             if "PERMANENT" in n["state"]),
        "settings": settings,
    }


def test_answers_from_our_addresses_follow_our_routes(hub):
    """Whatever the kernel's own routes say, and whether route exchange is on or off."""
    nvab, ergw = (hub.lab.namespaces[name] for name in ("nvab", "ergw"))
    with Sniffer(hub.outside, "eth0", lambda packet: addresses(packet)[0] in OURS) as strayed:
        for exchange in (True, False):
            hub.bascule.exchange(exchange)
            for namespace, source in ((nvab, NVA_HOST), (ergw, ER_HOST), (hub.host, HOST)):
                for ours in OURS:
                    assert namespace.ping(ours, source, count=3), f"{ours} from {source}: {hub.bascule.losses()}"
        sent, received = tcp_transfer(nvab, NVA_HOST, hub.rs, US_VNET, size=200_000)
        assert sent == received
    hub.bascule.exchange(True)
    assert not strayed.count


def test_nothing_from_our_addresses_leaves_by_another_way(hub):
    """No route of ours leads there: then none does. The kernel is told so at once."""
    with Sniffer(hub.outside, "eth0", lambda packet: addresses(packet)[0] in OURS) as strayed:
        before = hub.bascule.drops()["no_route"]
        done = hub.rs.run("ping", "-n", "-c1", "-W2", "-I", US_VNET, "198.51.100.1", check=False)
        assert done.returncode and "Unreachable" in done.stdout, done.stdout
        wait_for(lambda: hub.bascule.drops()["no_route"] > before, "it counted")
        assert hub.rs.run("ping", "-n", "-c1", "-W2", "192.0.2.254", check=False).returncode == 0  # others do as ever
    assert not strayed.count


# What somebody does to it; {er0} and so on are the interfaces' names.
DISTURBANCES = {
    "link down": ["ip link set {vnet0} down"],
    "link down and up": ["ip link set {vnet0} down", "ip link set {vnet0} up"],
    "route to a VNet": [f"ip route del {SPOKE}"],
    "route of our table": ["ip route del default dev {nva0} table {table}"],
    "another's route in its place": [f"ip route replace {SPOKE} via 192.0.2.254"],
    "address": ["ip address del 10.0.2.1/24 dev {nva0}"],
    "all addresses": ["ip address flush dev {er0}"],
    "rule": [f"ip rule del from {US_ER} table {{table}}"],
    "MTU": ["ip link set {er0} mtu 1300"],
    "MAC address": ["ip link set {er0} address 02:00:00:00:00:99"],
    "setting that tells": ["sysctl -qw net.ipv4.conf.{nva0}.forwarding=1"],
    "setting that does not tell": ["sysctl -qw net.ipv4.conf.{nva0}.arp_ignore=0"],
    "interface": ["ip link del {vnet0}"],
}


@pytest.mark.parametrize("what", DISTURBANCES)
def test_what_is_taken_out_of_the_kernel_returns(hub, what):
    """Each of them heals by itself; nobody waits for a reload."""
    before = kernel_state(hub)
    table = before["rules"][0][1]
    assert len(before["rules"]) == 3 and (SPOKE, ROUTER) in [(dst, via) for _, dst, via, _, _ in before["routes"]]
    repaired = hub.bascule.counters()["events"]["kernel_repaired"]
    for command in DISTURBANCES[what]:
        names = {port: lcp(hub, port) for port in ("er0", "nva0", "vnet0")}
        hub.rs.run(*command.format(table=table, **names).split())
    wait_for(lambda: hub.bascule.counters()["events"]["kernel_repaired"] > repaired, f"repair of {what}")
    hub.rs.run("ip", "route", "del", SPOKE, "via", "192.0.2.254", check=False)
    wait_for(lambda: kernel_state(hub) == before, f"{what} as it was: {before}")
    assert wait_for(lambda: hub.host.ping(US_VNET), "an answer")


def test_priority_tagged_frames_are_untagged(hub):
    """IEEE 802.1Q: VLAN 0 is no VLAN."""
    ours, theirs = hub.bascule.ports()["vnet0"]["mac"], hub.host.mac("eth0")
    request = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac(theirs) + bytes([10, 0, 1, 10]) + bytes(6) + bytes([10, 0, 1, 4])
    with RawPort(hub.host, "eth0") as port:
        port.socket.settimeout(5)
        port.send(ethernet("ff:ff:ff:ff:ff:ff", theirs, struct.pack("!HH", 0xC000, ARP) + request, 0x8100))
        while True:
            frame = port.socket.recv(2048)
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\0\x02":
                break
        assert frame[6:12] == mac(ours) and frame[28:32] == bytes([10, 0, 1, 4])
        with Sniffer(hub.lab.namespaces["nvab"], "nva", lambda packet: addresses(packet)[1] == NVA_HOST) as arrived:
            port.send(ethernet(ours, theirs, struct.pack("!HH", 0, 0x0800) + ipv4(HOST, NVA_HOST, udp(9, 9)), 0x8100))
            wait_for(lambda: arrived.count, "the packet that was tagged")


def test_no_error_to_an_address_of_many(hub):
    """RFC 1812 4.3.2.7; the packet is a martian, and so is one from our own address."""
    ours, theirs = hub.bascule.ports()["vnet0"]["mac"], hub.host.mac("eth0")
    before = hub.bascule.counters()
    with RawPort(hub.host, "eth0") as port:
        for source in ("10.0.1.255", "10.0.1.0", "10.0.2.255", US, US_VNET):
            port.send(ethernet(ours, theirs, ipv4(source, NVA_HOST, udp(9, 9), ttl=1)))
        port.send(ethernet(ours, theirs, ipv4(HOST, NVA_HOST, udp(9, 9), ttl=1)))
    wait_for(lambda: hub.bascule.counters()["events"]["icmp_sent"] == before["events"]["icmp_sent"] + 1, "one error")
    wait_for(lambda: hub.bascule.drops()["martian_source"] == before["drops"]["martian_source"] + 5, "five martians")
    assert hub.bascule.counters()["events"]["icmp_sent"] == before["events"]["icmp_sent"] + 1


def test_a_fight_is_no_storm(hub):
    """Who keeps undoing it is answered ever more slowly, and it is an alarm; the other ports know nothing of it."""
    name = lcp(hub, "er0")

    def fight():
        if "UP" in ip_json(hub.rs, "link", "show", name)[0]["flags"]:
            hub.rs.ip("link", "set", name, "down")
        return [alarm for alarm in hub.bascule.summary()["alarms"] if alarm["kind"] == "port_disputed"]

    assert "er0" in wait_for(fight, "the alarm")[0]["text"]
    repaired = hub.bascule.counters()["events"]["kernel_repaired"]
    hub.rs.ip("link", "set", lcp(hub, "nva0"), "down")
    wait_for(lambda: hub.bascule.counters()["events"]["kernel_repaired"] > repaired, "repair of another port")
    wait_for(lambda: hub.lab.namespaces["ergw"].ping(US_ER), "and of this one")


def test_rules_end_with_the_process_that_made_them(hub):
    """Those of one that was killed are taken over by its successor, those of one that stops go."""
    before = kernel_state(hub)
    hub.bascule.dataplane.send_signal(signal.SIGKILL)
    hub.bascule.dataplane.wait()
    hub.bascule.control.wait()
    hub.rs.run("ip", "rule", "add", "from", "10.0.9.9", "table", before["rules"][0][1], "priority", "17900")
    hub.bascule.start()
    wait_for(lambda: kernel_state(hub) == before, "the same as before")
    hub.bascule.wait_established("nva-b", "ergw/0")
    hub.bascule.stop()
    assert not kernel_state(hub)["rules"] and not kernel_state(hub)["routes"]


