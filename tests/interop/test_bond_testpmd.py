"""A bond whose far end is DPDK's own LACP, in testpmd, which hands frames on between it and a host's LAN. It says what LACP has to
say when it sends something, so the host never falls silent.

    nva0 10.0.2.1 ═ m0, m1 ═ testpmd ── lan ── host 10.0.2.4"""

import os
from pathlib import Path

import pytest

from bascule import Bascule
from lab import Lab, wait_for
from lagger import cable

US, THEM = "10.0.2.1", "10.0.2.4"
MEMBERS = ["m0", "m1"]


@pytest.fixture(scope="module")
def net():
    logs = os.environ.get("BASCULE_LOGS")
    with Lab(keep_logs=Path(logs) / "bond_testpmd" if logs else None) as lab:
        rs, far, host = lab.namespace("rs"), lab.namespace("far"), lab.namespace("host")
        for member in MEMBERS:
            cable(rs, far, member)
        host.join(lab.lan("lan"), "lan", f"{THEM}/24")
        far.join(lab.lans["lan"], "lan")
        far.keep_kernel_off("lan")
        devices = [f"net_af_packet{i},iface={name}" for i, name in enumerate(MEMBERS)]
        bascule = Bascule(rs, "a", {
            "instance": {"asn": 65515, "router_id": US},
            "dataplane": {"main_lcore": 0, "forwarding_lcores": [1], "memory_mb": 500, "ports": [
                {"name": "nva0", "role": "nva", "addresses": [f"{US}/24"], "members": devices}]},
        })
        bond = "net_bonding0,mode=4,xmit_policy=l34,slave=net_af_packet0,slave=net_af_packet1"
        vdevs = [word for device in [*devices, "net_af_packet2,iface=lan", bond] for word in ("--vdev", device)]
        # It ends with its input.
        far.start("testpmd", "sh", "-c", 'sleep infinity | exec "$@"', "sh", "dpdk-testpmd", "-l", "0,1", "--no-huge", "-m", 256,
                  "--no-shconf", "--no-pci", "--log-level=error", *vdevs, "--", "--forward-mode=io", "--portlist=2,3",
                  "--auto-start", "--no-lsc-interrupt", "--total-num-mbufs=4096")
        bascule.write_config()
        bascule.start_dataplane()
        host.ip("neighbour", "replace", US, "lladdr", bascule.ports()["nva0"]["mac"], "dev", "lan")
        host.start("talk", "ping", "-n", "-q", "-i", "0.05", US)
        yield bascule, rs, far, host


def test_they_agree_and_frames_pass(net):
    bascule, rs, far, host = net

    def members():
        return bascule.ports()["nva0"]["members"]

    def states():
        return [row["state"] for row in members()]

    wait_for(lambda: states() == ["distributing"] * 2, "both members")
    assert {row["partner"].lower() for row in members()} == {far.mac("m0")}
    assert bascule.ports()["nva0"]["link"] == "up"
    wait_for(lambda: host.ping(US), "an answer")
    assert rs.ping(THEM, count=40, seconds=5)
    far.ip("link", "set", "m1", "down")
    wait_for(lambda: states() == ["distributing", "no link"], "the loss")
    far.ip("link", "set", "m1", "up")
    wait_for(lambda: states() == ["distributing"] * 2, "both again")
    wait_for(lambda: rs.ping(THEM, count=40, seconds=5), "no packet is lost any more")
