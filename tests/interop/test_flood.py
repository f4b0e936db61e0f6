"""A flood from every port, ten times what the meters let through of each class, costs no session and no UPDATE.

The hub of hub.py; at each LAN somebody floods us: packets whose TTL ends here, ARP requests, pings, SYNs to port 179 in the
name of the very peer and of a stranger, parts of packets, packets that must be cut for their way, and packets to hosts that
are not there; the like of it by IPv6, with solicitations and advertisements of neighbours and routers. The meters are set low, so that ten times as much is little for the laboratory; how fast it is does not
matter: the test goes on until enough has come."""

import ipaddress
import threading
import time

import pytest

from hub import A, ER, VPN, running_hub
from lab import wait_for
from networks import er_address, nva_address, vnet_address, vpn_address
from packets import ARP, ICMP, IPV6, TCP, RawPort, checksum, ethernet, fragment, fragment6, icmpv6, ipv4, ipv6, mac, udp, with_checksum6

pytestmark = pytest.mark.alone

HOST, SITE, FAR = "10.0.1.10", "172.16.9.0/24", "172.16.9.10"
# LAN: (port, our address, who floods, a stranger there, a host elsewhere, one elsewhere that is not there)
PORTS = {
    "er": ("er0", er_address(), ER, "10.0.255.45", HOST, "10.0.1.201"),
    "vpn": ("vpn0", vpn_address(), VPN[0], "10.0.255.14", HOST, "10.0.1.202"),
    "nva": ("nva0", nva_address(), "10.0.2.5", "10.0.2.77", HOST, "10.0.1.203"),
    "vnet": ("vnet0", vnet_address(), HOST, "10.0.1.77", FAR, "10.0.2.204"),
}
# LAN: our address of IPv6 there; the others are of that network: ::a floods, ::bad is a stranger, ::dead is not there
PORTS6 = {"er": "2001:db8:e::1", "vpn": "2001:db8:b::1", "nva": "2001:db8:2::1", "vnet": "2001:db8:1::1"}
HOST6, FAR6, LATE, LATE6 = "2001:db8:1::a", "2001:db8:2::4", "10.0.2.88", "2001:db8:2::88"
METERS = {"bgp": 20, "arp": 20, "nd": 20, "local": 20, "fragment": 10, "glean": 10}
TIMES, UPDATES, MORE, PAUSE_S = 10, 100, 0x2000, 0.004


def syn(source, us, sport):
    header = sport.to_bytes(2, "big") + (179).to_bytes(2, "big") + bytes(8) + b"\x50\x02\x20\x00" + bytes(4)
    pseudo = ipv4(source, us)[12:20] + b"\0\x06" + len(header).to_bytes(2, "big")
    value = checksum(pseudo + header)
    return ipv4(source, us, header[:16] + value.to_bytes(2, "big") + header[18:], protocol=TCP)


def ping(source, us):
    return ipv4(source, us, b"\x08\0\xf7\xff" + bytes(4), protocol=ICMP)


def arp_request(source_mac, source, us):
    return (b"\0\1\x08\0\6\4\0\1" + mac(source_mac) + ipv4(source, us)[12:16] + bytes(6) + ipv4(source, us)[16:20])


def near(us, host):
    return us[:-1] + host


def all_kinds6(ours, own, lan):
    """Of IPv6, frames."""
    us, source = PORTS6[lan], near(PORTS6[lan], "a")
    host = FAR6 if lan == "vnet" else HOST6
    link, group = "fe80::a", f"ff02::1:ff00:{us[-1]}"
    packed = {text: ipaddress.ip_address(text).packed for text in (us, source)}
    syn = with_checksum6(source, us, b"\x4e\x20\0\xb3" + bytes(8) + b"\x50\x02\x20\0" + bytes(4), TCP, 16)
    echo = icmpv6(source, us, 128, bytes(4))
    to_us = [ipv6(source, host, udp(1, 2), hop_limit=1), echo, fragment6(echo, 1), fragment6(ipv6(source, us, udp(1, 2)), 0x100),
             ipv6(source, us, syn, TCP), ipv6(near(us, "bad"), us, syn, TCP), ipv6(source, near(PORTS6["vnet"], "dead"), udp(1, 2)),
             ipv6(source, "3fff::1", udp(1, 2)), icmpv6(source, us, 135, bytes(4) + packed[us] + b"\1\1" + mac(own), 255),
             icmpv6(source, us, 136, b"\x20" + bytes(3) + packed[source] + b"\2\1" + mac(own), 255),
             icmpv6(source, us, 135, bytes(4) + packed[us], 254)]
    if lan != "vnet":
        to_us.append(ipv6(source, host, udp(1, 2, bytes(1430))))
    to_all = {group: icmpv6(source, group, 135, bytes(4) + packed[us] + b"\1\1" + mac(own), 255),
              "ff02::1": icmpv6(link, "ff02::1", 134, b"\x40\0\x07\x08" + bytes(8), 255),
              "ff02::2": icmpv6(link, "ff02::2", 133, bytes(4), 255)}
    return [*(ethernet(ours, own, packet, IPV6) for packet in to_us),
            *(ethernet(f"33:33:{':'.join(f'{octet:02x}' for octet in ipaddress.ip_address(to).packed[-4:])}", own, packet, IPV6)
              for to, packet in to_all.items())]


class Flood:
    """One thread a LAN sends all kinds in turn, until the end: of each a hundred a second or more, and no more than leaves the machine
    time for what is told of it."""

    def __init__(self, hub):
        self.sent, self._stop, self._threads = dict.fromkeys(PORTS, 0), False, []
        ports = hub.bascule.ports()
        for lan, (port, *_) in PORTS.items():
            frames = self._frames(lan, ports[port]["mac"], hub.flooders[lan].mac(lan))
            self._threads.append(threading.Thread(target=self._run, args=[hub, lan, frames], daemon=True))

    @staticmethod
    def _frames(lan, ours, own):
        _, us, source, stranger, host, nobody = PORTS[lan]
        packets = [*(4 * [ipv4(source, host, udp(1, 2), ttl=1)]), ping(source, us), fragment(ping(source, us), MORE),
                   *(syn(source, us, sport) for sport in range(20000, 20004)), syn(stranger, us, 20000),
                   ipv4(source, nobody, udp(1, 2))]
        if lan != "vnet":
            packets.append(ipv4(source, host, udp(1, 2, bytes(1430))))
        arp = arp_request(own, source, us)
        return [*(ethernet(ours, own, packet) for packet in packets), ethernet("ff:ff:ff:ff:ff:ff", own, arp, ARP),
                *all_kinds6(ours, own, lan)]

    def _run(self, hub, lan, frames):
        with RawPort(hub.flooders[lan], lan) as raw:
            while not self._stop:
                for frame in frames:
                    raw.send(frame)
                self.sent[lan] += len(frames)
                time.sleep(PAUSE_S)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop = True
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def flooded():
    def configure(config):
        config["exchange"]["enabled"] = True
        config["dataplane"]["meters"] = {name: {"rate": rate, "burst": 16} for name, rate in METERS.items()}
        for port in config["dataplane"]["ports"]:
            port["addresses"].append(f"{PORTS6[port['name'][:-1]]}/64")
            if port["name"] == "vnet0":
                port["mtu"] = 1400

    with running_hub(__name__, configure) as hub:
        lab = hub.bascule.namespace.lab
        hub.host = lab.namespace("host")
        hub.host.join(lab.lans["vnet"], "vnet", f"{HOST}/24")
        hub.host.route("default", vnet_address())
        hub.flooders = {"er": hub.er.namespace, "vpn": hub.vpn0.namespace, "nva": hub.b.namespace, "vnet": hub.host}
        for lan, flooder in hub.flooders.items():
            flooder.ip6(lan)
            flooder.ip("address", "add", f"{near(PORTS6[lan], 'a')}/64", "dev", lan, "nodad")
        hub.a.namespace.ip6("nva")
        hub.a.namespace.ip("address", "add", f"{FAR6}/64", "dev", "nva", "nodad")
        for namespace, lan in ((hub.host, "vnet"), (hub.a.namespace, "nva")):
            namespace.ip("-6", "route", "add", "default", "via", PORTS6[lan])
        hub.late = lab.namespace("late")
        hub.late.join(lab.lans["nva"], "nva", f"{LATE}/24", f"{LATE6}/64")
        hub.late.route("default", nva_address())
        hub.late.ip("-6", "route", "add", "default", "via", PORTS6["nva"])
        hub.a.namespace.host_address(FAR)
        hub.a.namespace.route("default", nva_address())
        hub.a.announce(SITE, 65001)
        hub.wait("the site's route", lambda: hub.next_hops(SITE) == {A})
        for far in (FAR, FAR6):
            wait_for(lambda a=far: hub.host.ping(a), "a way through")
        yield hub


def meters(hub):
    return {row["class"]: row for row in hub.bascule.cli("show", "meters")}


def ten_times(before, now):
    """Has ten times as much come as has passed, in every class?"""
    def more(name, key):
        return now[name][key] - before[name][key]

    return all(more(name, "punted") + more(name, "ring_full") >= TIMES * (more(name, "punted") - more(name, "metered")) > 0
               for name in METERS)


def test_meters_are_as_configured(flooded):
    assert {name: (row["rate"], row["burst"]) for name, row in meters(flooded).items()} == {
        name: (rate, 16) for name, rate in METERS.items()}


def test_sessions_and_updates_get_through(flooded):
    sessions, before = flooded.sessions(), meters(flooded)
    events = flooded.bascule.counters()["events"]
    routes = [f"172.31.{i}.0/24" for i in range(UPDATES)]
    with Flood(flooded) as flood:
        wait_for(lambda: ten_times(before, meters(flooded)), "ten times as much in every class", 120)
        sent = dict(flood.sent)
        for i, route in enumerate(routes):  # an UPDATE each
            flooded.a.announce(route, 65001, 65100 + i)
        others = flooded.others("nva-a")
        wait_for(lambda: all(set(routes) <= set(flooded.told(name)) for name in others), "each UPDATE at each peer", 120)
        flooded.er.announce("10.20.0.0/16", 12076, 65020)
        wait_for(lambda: "10.20.0.0/16" in flooded.told("nva-a"), "an UPDATE the other way", 120)
        assert all(flood.sent[lan] > sent[lan] for lan in PORTS), "the flood went on"
        for far in (FAR, FAR6):
            assert flooded.host.ping(far, count=20), "and so does transit"
        wait_for(lambda: ten_times(before, meters(flooded)), "ten times as much in every class", 120)
    for late in (LATE, LATE6):
        wait_for(lambda a=late: flooded.host.ping(a), "who has not been asked for before is found when it is over", 60)
    assert flooded.sessions() == sessions
    assert flooded.next_hops(SITE) == {A}
    told = flooded.bascule.counters()["events"]
    sent, limited = (told[name] - events[name] for name in ("icmp_sent", "icmp_limited"))
    assert limited > sent > 0, "most packets whose TTL ended had no answer"
    assert told["flow_metered"] == events["flow_metered"], "no segment of a session met a meter"
    for port in ("er0", "vpn0", "nva0", "vnet0"):
        drops = {row["name"]: row["value"] for row in flooded.bascule.cli("show", "counters", port)
                 if row["group"] == "drops"}
        for name in METERS:
            if port != "vnet0" or name not in ("bgp", "fragment"):  # no peer is there, and no narrow way from there
                assert drops[f"metered_{name}"] + drops[f"ring_full_{name}"], f"{name} of {port}"


def test_meters_change_by_a_reload(flooded):
    log = flooded.bascule.dataplane.log
    before = log().count("reload: done")
    flooded.bascule.config["dataplane"]["meters"]["arp"]["rate"] = 5000
    flooded.reload()
    wait_for(lambda: log().count("reload: done") > before, "the dataplane's reload")
    assert (meters(flooded)["arp"]["rate"], meters(flooded)["local"]["rate"]) == (5000, METERS["local"])
