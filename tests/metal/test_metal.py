"""The page "Deploy on a bare-metal host" (config/deploy/README.md), followed on one, and what such a host goes through later.
The tests are one story, in this order: each begins where the one before it has ended. What the page says to type is read from it."""

import re

import pytest
from conftest import SITE, SITE_HOST, SOURCE, TAGS, US, VNET_HOST
from guest import MTU
from lab import wait_for
from traffic import UdpFlow, tcp_transfer

PAGE = (SOURCE / "config/deploy/README.md").read_text()
SAMPLE = "0000:3b:00.0"  # the page's NIC
CONVERGED_S = 600  # everything is some twenty times as slow there, and more if the host does other work
SLOW_S = 600


def across(metal):
    return metal.er.ping(SITE_HOST["vpn"], SITE_HOST["er"])


def converged(metal):
    """Both sessions stand, and with the exchange on each side knows the other's site."""
    return (metal.sessions()
            and SITE["vpn"] in metal.ergw.prefixes(US["er"]) and SITE["er"] in metal.vpngw.prefixes(US["vpn"]))


def wait_converged(metal):
    wait_for(lambda: converged(metal), "each site known on the other side", CONVERGED_S)
    wait_for(lambda: across(metal), "an answer from the other side", CONVERGED_S)


def pids(metal):
    """{unit: the PID of what runs}"""
    text = metal.guest.run("systemctl show --property MainPID --value bascule-dataplane@rs0 bascule-control@rs0")
    return dict(zip(("dataplane", "control"), text.split()))


def page(*beginnings):
    """What the page says to type, the next lines that begin so, in their order."""
    lines = iter(re.search(r"^## The package\n+```\n(.*?)```", PAGE, re.S | re.M)[1].splitlines())
    return [next(line for line in lines if line.startswith(words)).split(" #")[0].rstrip() for words in beginnings]


def of_nics(metal, line):
    return [line.replace(SAMPLE, nic.pci) for nic in metal.nics.values()]


def test_the_package_is_installed_and_the_nics_are_bound(metal):
    """Line by line, up to the one by which the configuration is copied."""
    install, show, bind, persist = page("apt install", "bascule nic list", "bascule nic bind", "bascule nic persist")
    metal.guest.run("mkdir packages && mount -o ro /dev/nvme1n1 packages")
    metal.guest.run(install, seconds=SLOW_S)
    metal.guest.run(show)
    for line in (bind, persist):
        for words in of_nics(metal, line):
            metal.guest.run(words, seconds=SLOW_S)
    assert len(metal.guest.run("ls /dev/vfio").split()) == len(metal.nics) + 1  # a group each: the IOMMU tells them apart
    for nic in metal.guest.json("bascule --json nic list"):
        assert (nic["driver"], nic["persistent"]) == ("vfio-pci", "vfio-pci"), nic


def configure(metal):
    """ "Write your own": our NICs in place of the sample's, two forwarding lcores."""
    path = "/etc/bascule/rs0.conf"
    samples = re.findall(r'"(0000:\S+)"', (SOURCE / "config/minimal.conf").read_text())
    words = [f"s/{sample}/{nic.pci}/" for sample, nic in zip(samples, metal.nics.values(), strict=True)]
    words.append("s/forwarding_lcores = .*/forwarding_lcores = [1, 2];/")
    metal.guest.run("sed -i " + " ".join(f"-e '{word}'" for word in words) + f" {path}")


def test_the_doctor_says_what_is_to_be_done(metal):
    copy, check = page("cp ", "bascule config check")
    metal.guest.run(copy)
    configure(metal)
    metal.guest.run(check)
    nic = metal.nics["vpn"].pci
    metal.guest.run(f"bascule nic unbind {nic}")
    fault, = (row for row in metal.guest.json("bascule --json doctor", check=False) if row["state"] == "fault")
    assert fault["check"] == "devices" and nic in fault["finding"]
    metal.guest.run(fault["next"])
    rows = metal.guest.json("bascule --json doctor")  # it says so by its exit status too
    assert "fault" not in {row["state"] for row in rows}
    said = {check: [row["finding"] for row in rows if row["check"] == check and row["state"] == "ok"]
            for check in ("iommu", "vfio", "pmd")}
    assert said["iommu"] == ["on"] and said["vfio"] == ["vfio-pci is there"]
    assert sorted(said["pmd"]) == [f"{nic.pci}: {pmd}" for nic, pmd in
                                   zip(metal.nics.values(), ("net_e1000_em", "net_virtio", "net_vmxnet3"), strict=True)]


def test_both_units_start(metal):
    doctor, start = page("bascule doctor", "systemctl enable")
    metal.guest.run(doctor)
    metal.guest.run(start, seconds=SLOW_S)
    assert metal.guest.run("systemctl --failed --quiet").strip() == ""
    assert {row["link"] for row in metal.guest.json("bascule --json show ports")} == {"up"}
    log = metal.guest.run("journalctl -u bascule-dataplane@rs0")
    for name, queues in (("er", 2), ("vnet", 2), ("vpn", 1)):  # one for each lcore where QEMU's has so many
        assert f"device {metal.nics[name].pci}: {queues} receive" in log


def test_sessions_stand_and_branches_are_apart(metal):
    wait_for(lambda: metal.sessions(), "all sessions", CONVERGED_S)
    for gateway, us in ((metal.ergw, US["er"]), (metal.vpngw, US["vpn"])):
        wait_for(lambda g=gateway, u=us: g.prefixes(u) == ["10.0.0.0/16"], f"the VNet at {gateway.name}", CONVERGED_S)
    for name in SITE_HOST:
        wait_for(lambda n=name: metal.vnet.ping(SITE_HOST[n], VNET_HOST), f"an answer from {name}", CONVERGED_S)
    assert not across(metal)


def test_exchange_joins_them(metal):
    metal.guest.run("bascule exchange enable")
    wait_converged(metal)
    sent, received = tcp_transfer(metal.er, SITE_HOST["er"], metal.vpn, SITE_HOST["vpn"])
    assert sent == received


def under_traffic(metal, command):
    """Run it in the guest, and wait until all stands again, with a steady flow across: what was lost of that."""
    with UdpFlow(metal.er, SITE_HOST["er"], metal.vpn, SITE_HOST["vpn"], rate=200) as flow:
        flow.wait_more(50, CONVERGED_S)
        said = metal.guest.run(command, seconds=SLOW_S)
        wait_converged(metal)
        flow.wait_more(50, CONVERGED_S)
    assert flow.lost == []
    return said


def upgrade(metal, name):
    """The package's words. Under traffic."""
    return under_traffic(metal, f"DEBIAN_FRONTEND=noninteractive apt-get install -y ./packages/{name}.deb")


def test_a_restart_of_control_loses_no_packet(metal):
    before = pids(metal)
    under_traffic(metal, "systemctl restart bascule-control@rs0")
    after = pids(metal)
    assert after["dataplane"] == before["dataplane"] and after["control"] != before["control"]
    assert metal.ergw.told(US["er"]) is None  # it went without a word, for its routes are kept


def test_an_upgrade_of_the_package_loses_no_packet(metal):
    before = pids(metal)
    assert "bascule-dataplane@rs0.service goes on forwarding, with the former version" in upgrade(metal, "next")
    after = pids(metal)
    assert after["dataplane"] == before["dataplane"] and after["control"] != before["control"]
    assert metal.guest.run("dpkg-query -W -f '${Version}' bascule") == metal.next_version


def test_an_upgrade_that_control_cannot_take_alone_waits_for_the_dataplane(metal):
    before = pids(metal)
    said = upgrade(metal, "other")
    assert "bascule-control@rs0.service is not restarted" in said and "systemctl restart bascule-dataplane@rs0.service" in said
    assert pids(metal) == before


def tag(metal):
    """The configuration gets each port's tags."""
    words = []
    for name, tags in TAGS.items():
        vlans = [vlan for _, vlan in tags]
        keys = f"vlan = {vlans[-1]};" + (f" outer_vlan = {vlans[0]};" if len(vlans) > 1 else "")
        words.append(f"-e 's/name = \"{name}0\";/& {keys}/'")
    metal.guest.run(f"sed -i {' '.join(words)} /etc/bascule/rs0.conf")


def whole(host, source, destination):
    """Does it answer the largest packet, which nobody may cut?"""
    words = ("ping", "-n", "-q", "-c", 1, "-W", 1, "-M", "do", "-s", MTU - 28, "-I", source, destination)
    return host.run(*words, check=False).returncode == 0


def test_a_dataplane_that_restarts_takes_the_upgrade_and_tags(metal):
    """Two tags on the e1000e, which knows the outer one's type for none; one each where a driver takes it off and puts it on, by
    hardware (vmxnet3) or not (virtio)."""
    before = pids(metal)
    tag(metal)
    metal.guest.run("systemctl restart bascule-dataplane@rs0.service", seconds=SLOW_S)
    assert (metal.ergw.told(US["er"]) or "").startswith("Cease/Administrative"), "nobody forwards meanwhile: peers are told"
    metal.put_switches_between()
    wait_for(lambda: metal.guest.run("systemctl is-active bascule-control@rs0", check=False).strip() == "active", "control", CONVERGED_S)
    wait_converged(metal)
    assert not set(pids(metal).values()) & set(before.values())
    assert metal.guest.run("dpkg-query -W -f '${Version}' bascule") == metal.other_version
    for host, source, destination in ((metal.er, SITE_HOST["er"], SITE_HOST["vpn"]), (metal.vnet, VNET_HOST, SITE_HOST["er"]),
                                      (metal.vnet, VNET_HOST, SITE_HOST["vpn"])):
        wait_for(lambda: whole(host, source, destination), f"the largest packets from {source} to {destination}", CONVERGED_S)


def port(metal, name):
    return next(row for row in metal.guest.json("bascule --json show ports") if row["name"] == name)


def alarms(metal):
    return {alarm["kind"] for alarm in metal.guest.json("bascule --json show summary")["alarms"]}


@pytest.mark.parametrize("name", ["er", "vpn", "vnet"])
def test_a_nic_is_taken_out_and_put_in_again(metal, name):
    """Its port is down, the others forward, and nobody restarts."""
    before = pids(metal)
    ours, (a, b) = US[name], [getattr(metal, other) for other in US if other != name]
    sources = {"er": SITE_HOST["er"], "vpn": SITE_HOST["vpn"], "vnet": VNET_HOST}
    nic = metal.nics[name]
    with UdpFlow(a, sources[a.name], b, sources[b.name], rate=200) as flow:
        flow.wait_more(50, CONVERGED_S)
        metal.guest.take_out(nic)
        wait_for(lambda: port(metal, f"{name}0")["link"] == "down" and "port_device" in alarms(metal), "the alarm", CONVERGED_S)
        metal.guest.put_in(nic)
        wait_for(lambda: getattr(metal, name).ping(ours), "an answer by it", CONVERGED_S)
        wait_for(lambda: "port_device" not in alarms(metal), "the end of the alarm", CONVERGED_S)
        flow.wait_more(50, CONVERGED_S)
    assert flow.lost == []
    wait_converged(metal)
    assert pids(metal) == before


def test_after_a_reboot_everything_returns_by_itself(metal):
    metal.guest.reboot()
    wait_converged(metal)


def test_power_that_fails_in_the_middle_of_writing_costs_no_state(metal):
    """The switch was answered for, so it is on the disk, while the disk is busy with much else."""
    metal.guest.ask("while dd if=/dev/zero of=/var/tmp/busy bs=1M count=16 conv=fsync; do :; done")
    metal.guest.run("until [ -s /var/tmp/busy ]; do :; done")
    metal.guest.run("bascule exchange disable")
    metal.guest.cut_power()
    metal.guest.power_on()
    wait_for(lambda: metal.sessions(), "all sessions", CONVERGED_S)
    summary = metal.guest.json("bascule --json show summary")
    assert summary["exchange"] is False, summary
    assert not across(metal)
    metal.guest.run("bascule exchange enable")
    wait_converged(metal)
