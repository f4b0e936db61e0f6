"""Ports on net_af_packet: fragments, jumbo packets, and what others do to the kernel's devices under them."""


import pytest

from lab import named_lab, wait_for
from played import US, US_ER, Hub

US_VNET, HOST = "10.0.1.4", "10.0.1.10"
NVA_HOST, ER_HOST = "172.16.2.10", "10.20.0.10"
JUMBO = 9000


def configure(config):
    for port in config["dataplane"]["ports"]:
        if port["name"] != "er0":
            port["mtu"] = JUMBO


@pytest.fixture(scope="module")
def hub():
    """A hub with jumbo packets between VNet and NVAs, and 1500 octets towards ExpressRoute."""
    with named_lab("test_devices") as lab:
        hub = Hub(lab, configure)
        hub.rs = hub.bascule.namespace
        hub.host = lab.namespace("host")
        hub.host.join(lab.lans["vnet"], "eth0", f"{HOST}/24")
        hub.host.route("default", US_VNET)
        for name, address, us in (("nvab", NVA_HOST, US), ("ergw", ER_HOST, US_ER)):
            lab.namespaces[name].host_address(address)
            lab.namespaces[name].route("default", us)
        for namespace, interface in ((hub.host, "eth0"), (lab.namespaces["nvab"], "nva"), (hub.rs, "nva0"),
                                     (hub.rs, "vnet0")):
            namespace.ip("link", "set", interface, "mtu", JUMBO)
            lab.fabric.ip("link", "set", namespace.wires[interface], "mtu", JUMBO)
        hub.start()
        wait_for(lambda: hub.host.ping(NVA_HOST) and hub.host.ping(ER_HOST), "traffic")
        yield hub


def ping(namespace, address, size, cut):
    """Does an IP packet of `size` octets pass? `cut`: may it be in fragments."""
    return namespace.run("ping", "-n", "-c1", "-W2", "-M", "dont" if cut else "do", "-s", size - 28, address, check=False)


def alarms(hub):
    return {alarm["kind"] for alarm in hub.bascule.summary()["alarms"] if alarm["kind"].startswith("port_")}


@pytest.mark.parametrize("size", [1978, 4000, 60000])
def test_fragments_pass_as_they_are(hub, size):
    """Nobody on the way puts them together: each is a packet of its own."""
    hub.lab.namespaces["ergw"].run("ip", "route", "flush", "cache")
    before = hub.bascule.counters()
    assert ping(hub.lab.namespaces["ergw"], HOST, size, cut=True).returncode == 0, hub.bascule.losses()
    if size < JUMBO:  # its answer is one packet of the host's, which we cut for the port of 1500
        made = before["events"]["fragments_made"] + -(-(size - 20) // 1480)
        wait_for(lambda: hub.bascule.counters()["events"]["fragments_made"] == made, "all its fragments counted")
    assert hub.bascule.drops()["ip4_total_length"] == before["drops"]["ip4_total_length"]


def test_jumbo_packets_pass(hub):
    assert ping(hub.host, NVA_HOST, JUMBO, cut=False).returncode == 0, hub.bascule.losses()
    assert ping(hub.lab.namespaces["nvab"], HOST, JUMBO, cut=False).returncode == 0, hub.bascule.losses()
    assert "mtu = 1500" in ping(hub.host, ER_HOST, JUMBO, cut=False).stdout
    assert {name: port["mtu"] for name, port in hub.bascule.ports().items()} == {"er0": 1500, "nva0": JUMBO,
                                                                                 "vnet0": JUMBO}


def test_mtu_lowered_underneath(hub):
    """What is too big is answered with the size that fits; the port takes the old size again when the device does."""
    changes = hub.bascule.counters()["events"]["device_mtu"]
    hub.host.run("ip", "route", "flush", "cache")
    hub.rs.ip("link", "set", "er0", "mtu", 1300)
    wait_for(lambda: "port_mtu" in alarms(hub), "the alarm")
    assert hub.bascule.ports()["er0"]["mtu"] == 1300
    assert "mtu = 1300" in ping(hub.host, ER_HOST, 1428, cut=False).stdout
    hub.lab.namespaces["ergw"].ip("link", "set", "er", "mtu", 1300)  # the veth takes in no more than it lets out
    assert ping(hub.host, ER_HOST, 1428, cut=True).returncode == 0
    wait_for(lambda: "mtu 1300" in hub.rs.ip("link", "show", f"{hub.bascule.name}-er0").stdout, "the same at the LCP")
    for namespace, interface in ((hub.rs, "er0"), (hub.lab.namespaces["ergw"], "er")):
        namespace.ip("link", "set", interface, "mtu", 1500)
    wait_for(lambda: not alarms(hub), "the end of the alarm")
    hub.host.run("ip", "route", "flush", "cache")
    assert ping(hub.host, ER_HOST, 1428, cut=False).returncode == 0
    wait_for(lambda: hub.bascule.counters()["events"]["device_mtu"] == changes + 2, "both changes counted")


@pytest.mark.parametrize("at_once", [False, True])
def test_device_deleted_and_made_anew(hub, at_once):
    """Without its device the port is down, and that is an alarm; with another of its name it goes on."""
    mac = hub.bascule.ports()["er0"]["mac"]
    reopened = hub.bascule.counters()["events"]["device_reopened"]
    hub.rs.ip("link", "del", "er0")
    if not at_once:
        wait_for(lambda: hub.bascule.ports()["er0"]["link"] == "down" and alarms(hub) == {"port_device"}, "the alarm")
    hub.rs.join(hub.lab.lans["er"], "er0")
    hub.rs.keep_kernel_off("er0")
    wait_for(lambda: hub.bascule.counters()["events"]["device_reopened"] == reopened + 1, "the new device")
    wait_for(lambda: hub.bascule.ports()["er0"]["link"] == "up" and not alarms(hub), "the port")
    assert hub.rs.mac("er0") == mac
    assert hub.rs.run("cat", "/proc/sys/net/ipv4/conf/er0/rp_filter").stdout.strip() == "1"
    hub.bascule.wait_established("ergw/0")
    wait_for(lambda: hub.host.ping(ER_HOST), "traffic")


def test_what_ports_are_on(hub):
    """Of each port its device: driver, queues, link and modes, as far as the driver tells."""
    for port in hub.bascule.ports().values():
        assert port["driver"] == "net_af_packet" and (port["rx_queues"], port["rx_queues_most"]) == (1, 1)
        assert port["link"] == "up" and port["speed_mbps"] == 10000 and port["duplex"] == "full"
        assert port["promiscuous"] == "no" and port["link_interrupt"] == "no"
        assert "flow_control" not in port, "this driver has none to tell"
    lines = hub.bascule.run("show", "ports").stdout.splitlines()
    assert len(lines) == 1 + len(hub.bascule.ports()) and "PROMISCUOUS" in lines[0] and "net_af_packet" in lines[1]
