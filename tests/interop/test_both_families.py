"""Ports with addresses of both families: what is answered, forwarded and told is the same of each.

    er host  .36 ── er0 (MTU 1400)  Bascule  vnet0 ── vnet host  .10
    vpn host .10 ── vpn0                     nva0  ── nva host   .10

Nobody speaks BGP: hosts of the VNet and what is on link behind the other ports reach each other anyway. Each test runs for
either family from one body."""

import ipaddress
import json
import socket
import types

import pytest

from bascule import Bascule
from lab import named_lab, wait_for
from packets import IPV4, IPV6, Sniffer, addresses, hops_left

MTU = 1400  # of the ExpressRoute side
V4 = types.SimpleNamespace(
    name="ipv4", family=socket.AF_INET, ethertype=IPV4, ip="-4", headers=28,
    er="10.0.255.33", er_host="10.0.255.36", er_len=28, er_gone="10.0.255.40",
    vnet="10.0.1.4", vnet_host="10.0.1.10", vnet_len=24, vpn="10.0.3.4", vpn_host="10.0.3.10", vpn_len=24,
    nva="10.0.2.4", nva_host="10.0.2.10", nva_len=24, nobody="192.0.2.1")
V6 = types.SimpleNamespace(
    name="ipv6", family=socket.AF_INET6, ethertype=IPV6, ip="-6", headers=48,
    er="2001:db8:255::33", er_host="2001:db8:255::36", er_len=64, er_gone="2001:db8:255::40",
    vnet="2001:db8:1::4", vnet_host="2001:db8:1::10", vnet_len=64, vpn="2001:db8:3::4", vpn_host="2001:db8:3::10", vpn_len=64,
    nva="2001:db8:2::4", nva_host="2001:db8:2::10", nva_len=64, nobody="2001:db8:dead::1")
FAMILIES = (V4, V6)
SIDES = {"er": "expressroute", "vpn": "vpn", "nva": "nva", "vnet": "vnet"}


def mtu(side):
    return MTU if side == "er" else 1500


def config():
    ports = [{"name": f"{side}0", "role": role, "mtu": mtu(side),
              "addresses": [f"{getattr(f, side)}/{getattr(f, f'{side}_len')}" for f in FAMILIES]} for side, role in SIDES.items()]
    return {
        "instance": {"router_id": V4.vnet},
        "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 900, "ports": ports},
        "control": {"lcores": [1]},
    }


@pytest.fixture(scope="module")
def net():
    with named_lab("test_both_families") as lab:
        net = types.SimpleNamespace(lab=lab, rs=lab.namespace("rs"))
        for side in SIDES:
            lab.lan(side)
            net.rs.join(lab.lans[side], f"{side}0", mtu=mtu(side))
            net.rs.keep_kernel_off(f"{side}0")
            host = lab.namespace(side)
            host.join(lab.lans[side], "eth0", *(f"{getattr(f, f'{side}_host')}/{getattr(f, f'{side}_len')}" for f in FAMILIES),
                      mtu=mtu(side))
            for family in FAMILIES:
                host.ip(family.ip, "route", "add", "default", "via", getattr(family, side))
            setattr(net, side, host)
        net.bascule = Bascule(net.rs, "a", config())
        net.bascule.start()
        yield net


@pytest.fixture(params=FAMILIES, ids=lambda family: family.name)
def family(request):
    return request.param


def lcp(net, port):
    return f"{net.bascule.name}-{port}"


def kernel_addresses(net, port):
    """{address: flags} of an LCP interface."""
    links = json.loads(net.rs.run("ip", "-json", "address", "show", "dev", lcp(net, port)).stdout)
    return {a["local"]: {flag for flag in ("tentative", "dadfailed") if a.get(flag)} for a in links[0]["addr_info"]}


def test_our_addresses_answer_who_is_on_link(net, family):
    assert wait_for(lambda: net.vnet.ping(family.vnet), f"an answer: {net.bascule.losses()}")
    assert wait_for(lambda: net.er.ping(family.er), "and at the other port")
    assert net.bascule.drops()["ethertype"] == 0


@pytest.mark.parametrize("port", SIDES)
@pytest.mark.parametrize("side", SIDES)
def test_our_addresses_answer_who_is_behind_any_port(net, family, side, port):
    """The kernel hands its answer to us, and it follows our routes."""
    host, address = getattr(net, side), getattr(family, port)
    with Sniffer(host, "eth0", lambda packet: addresses(packet)[0] == address, own=True, ethertype=family.ethertype) as arrived:
        wait_for(lambda: host.ping(address), f"an answer: {net.bascule.losses()}")
        wait_for(lambda: arrived.packets, "it from there")


def test_who_is_on_link_reaches_who_is_behind_the_other_port(net, family):
    wait_for(lambda: net.vnet.ping(family.er_host), f"an answer: {net.bascule.losses()}")
    with Sniffer(net.er, "eth0", lambda packet: addresses(packet) == (family.vnet_host, family.er_host),
                 ethertype=family.ethertype) as arrived:
        assert net.vnet.ping(family.er_host)
        wait_for(lambda: arrived.packets, "the packet")
    assert hops_left(arrived.packets[0]) == 63, "one hop"


@pytest.mark.parametrize("side,far", [*((side, "vnet") for side in SIDES if side != "vnet"),
                                      *(("vnet", side) for side in SIDES if side != "vnet")])
def test_traceroute_names_the_interface_that_it_came_by(net, family, side, far):
    out = getattr(net, side).run("ping", family.ip, "-n", "-c1", "-W2", "-t1", getattr(family, f"{far}_host"), check=False).stdout
    assert f"From {getattr(family, side)}" in out and "exceeded" in out, out


def test_who_sends_too_much_is_told(net, family):
    size = MTU + 1 - family.headers
    wait_for(lambda: net.vnet.ping(family.er_host), "an answer")
    net.vnet.ip(family.ip, "route", "flush", "cache")
    out = net.vnet.run("ping", family.ip, "-n", "-c1", "-W2", "-M", "do", "-s", size, family.er_host, check=False).stdout
    assert f"From {family.vnet}" in out and f"mtu={MTU}" in out.replace("mtu = ", "mtu="), out


def test_a_host_that_is_not_there_is_unreachable(net, family):
    out = net.vnet.run("ping", family.ip, "-n", "-c1", "-W6", family.er_gone, check=False).stdout
    assert f"From {family.vnet}" in out and "nreachable" in out, out


def test_no_route(net, family):
    out = net.vnet.run("ping", family.ip, "-n", "-c1", "-W2", family.nobody, check=False).stdout
    assert f"From {family.vnet}" in out and ("Net Unreachable" in out or "No route" in out), out


def test_the_link_local_address_is_the_ports(net):
    """RFC 4291 appendix A; and the port's MAC address answers for it."""
    octets = [int(octet, 16) for octet in net.bascule.ports()["vnet0"]["mac"].split(":")]
    octets[0] ^= 2
    ours = "fe80::" + ":".join(f"{a << 8 | b:x}" for a, b in zip(*[iter(octets[:3] + [0xFF, 0xFE] + octets[3:])] * 2))
    assert ours in kernel_addresses(net, "vnet0")
    assert wait_for(lambda: net.vnet.ping(f"{ours}%eth0"), "an answer")


# All at once: who keeps undoing it is answered ever more slowly.
DISTURBANCES = (
    "{ip} rule del from {er} table {table}", "{ip} route del default dev {er0} table {table}",
    "{ip} route del unreachable default table {table}", "{ip} neigh flush dev {er0} nud permanent",
    "{ip} address del {er}/{er_len} dev {er0}", "link del {vnet0}",
)


def kernel_state(net, family):
    """What we have put in there of this family; interfaces by name, since they may be made anew."""
    def of(*words):
        return json.loads(net.rs.run("ip", "-json", family.ip, *words, check=False).stdout or "[]")

    rules = sorted((r["src"], r["table"]) for r in of("rule") if r["priority"] == 17900)
    table = rules[0][1] if rules else "1"
    return {
        "rules": rules,
        "routes": sorted((r.get("type", ""), r["dst"], r.get("gateway", ""), r.get("dev", ""), r.get("metric", 0))
                         for r in of("route", "show", "table", table)),
        "addresses": sorted((link["ifname"], a["local"], a["prefixlen"], bool(a.get("tentative")))
                            for link in of("address") for a in link.get("addr_info", []) if link["ifname"] != "lo"),
        "neighbours": sorted((n["dst"], n["dev"], n.get("lladdr")) for n in of("neighbour") if "PERMANENT" in n["state"]),
    }


def test_what_is_taken_out_of_the_kernel_returns(net, family):
    wait_for(lambda: not any(row[3] for row in kernel_state(net, family)["addresses"]), "no address in question")
    before = kernel_state(net, family)
    assert len(before["rules"]) == len(SIDES) == len(before["neighbours"])
    repaired = net.bascule.counters()["events"]["kernel_repaired"]
    names = {port: lcp(net, port) for port in ("er0", "vnet0")}
    for command in DISTURBANCES:
        net.rs.ip(*command.format(table=before["rules"][0][1], **names, **vars(family)).split())
    wait_for(lambda: net.bascule.counters()["events"]["kernel_repaired"] > repaired, "a repair")
    wait_for(lambda: kernel_state(net, family) == before, f"all as it was: {before}")
    wait_for(lambda: net.vnet.ping(family.vnet), "an answer")
    assert wait_for(lambda: net.er.ping(family.vnet), "and by the other port")


def test_addresses_stay_when_the_link_goes(net, family):
    before = kernel_addresses(net, "vnet0").keys()
    net.rs.link("vnet0", up=False)
    wait_for(lambda: net.bascule.ports()["vnet0"]["link"] == "down", "the link's end")
    net.rs.link("vnet0", up=True)
    wait_for(lambda: net.vnet.ping(family.vnet), "an answer")
    wait_for(lambda: net.vnet.ping(family.er_host), "and from behind")
    assert kernel_addresses(net, "vnet0").keys() == before


def duplicates(net):
    return [alarm["text"] for alarm in net.bascule.summary()["alarms"] if alarm["kind"] in ("address_duplicate", "port_disputed")]


@pytest.mark.parametrize("when", ("before we start", "later"))
def test_an_address_that_another_host_has_is_told_and_asked_for_again(net, when):
    """Duplicate address detection (RFC 4862 5.4): not used, until it is nobody else's any more; all else goes on."""
    address = (f"{V6.vnet}/64", "dev")
    if when == "later":
        net.vnet.ip("-6", "address", "add", *address, "eth0", "nodad")
        net.rs.ip("-6", "address", "del", *address, lcp(net, "vnet0"))
    else:
        net.bascule.stop()
        net.vnet.ip("-6", "address", "add", *address, "eth0", "nodad")
        net.bascule.start()
    wait_for(lambda: f"address {V6.vnet}/64 is another host's on the link too" in net.bascule.dataplane.log(), "a line")
    told = [f"port vnet0: its address {V6.vnet} is another host's too, and unused until it is taken from one of them"]
    wait_for(lambda: duplicates(net) == told, "an alarm")
    assert wait_for(lambda: net.vnet.ping(V4.vnet), "and IPv4 goes on")
    assert wait_for(lambda: net.er.ping(V6.er), "and IPv6 elsewhere")
    net.vnet.ip("-6", "address", "del", *address, "eth0")
    wait_for(lambda: kernel_addresses(net, "vnet0").get(V6.vnet) == set(), "it in use")
    wait_for(lambda: not duplicates(net), "no alarm")
    wait_for(lambda: net.vnet.ping(V6.vnet), "an answer")


def stopped(net):
    """Packets to hosts that were not asked for."""
    return sum(net.bascule.drops()[name] for name in ("glean_full", "metered_glean", "ring_full_glean"))


def test_a_scan_behind_a_port_costs_no_neighbour(net, family):
    """Of what is on link there, few are asked for at a time: who is known goes on, and who is not is found when it has ended."""
    wait_for(lambda: net.vnet.ping(family.er_host), "an answer")
    network = ipaddress.ip_network(f"{family.er}/{family.er_len}", strict=False)
    others = [str(network[i]) for i in range(2, min(network.num_addresses - 1, 20002)) if str(network[i]) not in (family.er, family.er_host)]
    before = stopped(net)
    with net.vnet.socket(family.family, socket.SOCK_DGRAM) as raw:
        def scan():
            for address in others:
                raw.sendto(b"", (address, 9))
            return family is V4 or stopped(net) > before + 1000

        wait_for(scan, "more than is asked for")
    hosts = [row for row in net.bascule.cli("show", "neighbours") if row["port"] == "er0"]
    assert [row["state"] for row in hosts if row["address"] == family.er_host] == ["resolved"]
    assert sum(row["state"] == "pending" for row in hosts) <= 256
    wait_for(lambda: net.vnet.ping(family.er_host), "an answer of who is known")
    listed = json.loads(net.rs.run("ip", "-json", family.ip, "neighbour", "show", "dev", lcp(net, "er0")).stdout)
    assert sum("INCOMPLETE" in row["state"] for row in listed) <= 256, "nor does the kernel ask for more"
    wait_for(lambda: not [row for row in net.bascule.cli("show", "neighbours") if row["state"] in ("pending", "failed")], "all given up", 30)
