"""`bascule doctor` and `bascule nic` on this host: what they say of an instance before it starts and while it runs. (What they
say of machines that are otherwise is tests/unit/test_doctor.cc's and its neighbours'; NICs that are bound for real are in the
virtual machine of tests/metal.)"""

import json
import os
import subprocess

import pytest

from bascule import CLI, Bascule
from lab import Lab, wait_for
from networks import instance_config

# On a host where lcores are isolated (isolcpus=) a process begins with a mask that has none of them.
ISOLATED = ("taskset", "--cpu-list", "0")


@pytest.fixture(scope="module")
def bascule():
    with Lab() as lab:
        namespace = lab.namespace("rs")
        instance = Bascule(namespace, "d", instance_config(), ISOLATED)
        instance.write_config()
        yield instance


def examine(bascule, *more):
    """{check: [finding]}, and the exit code."""
    done = bascule.namespace.run(CLI, "doctor", "--json", "--config", bascule.config_path, *more, check=False)
    assert not done.stderr, done.stderr
    found = {}
    for finding in json.loads(done.stdout):
        found.setdefault(finding["check"], []).append(finding)
    return found, done.returncode


def states(found, check):
    return {finding["state"] for finding in found[check]}


def faults(found):
    return [finding for findings in found.values() for finding in findings if finding["state"] == "fault"]


def test_before_the_ports_are_there(bascule):
    found, code = examine(bascule)
    assert code == 1
    assert {finding["finding"].split(":")[0] for finding in faults(found)} == {
        f"{bascule.name}/{port['name']}" for port in bascule.config["dataplane"]["ports"]}
    assert all(finding["next"] for finding in faults(found))
    assert states(found, "hugepages") <= {"ok", "warning"} and "wanted" in found["hugepages"][0]["finding"]


def test_another_daemon_on_the_port(bascule):
    lan = bascule.namespace.lab.lan("lan")
    for port in bascule.config["dataplane"]["ports"]:
        bascule.namespace.join(lan, port["name"])
    listener = bascule.namespace.start("listener", "/usr/bin/python3", "-c",
                                       "import socket, signal; s = socket.create_server(('', 179)); signal.pause()")
    wait_for(lambda: bascule.namespace.run("ss", "-ltnH").stdout, "the listener")
    found, code = examine(bascule)
    assert code == 1
    (fault,) = faults(found)
    assert fault["check"] == "listeners" and f"({listener.pid}) listens on 0.0.0.0, port 179" in fault["finding"]
    listener.stop()
    found, code = examine(bascule)
    assert not faults(found) and code == 0


def test_an_instance_on_isolated_cpus(bascule):
    """Both processes take the CPUs that are theirs, though they begin with a mask without them; the doctor sees them run."""
    bascule.start()
    for process, lcore in ((bascule.dataplane, "1"), (bascule.control, "1")):
        masks = set()
        for task in os.listdir(f"/proc/{process.pid}/task"):
            with open(f"/proc/{process.pid}/task/{task}/status", encoding="ascii") as status:
                masks.update(line.split()[1] for line in status if line.startswith("Cpus_allowed_list:"))
        assert lcore in masks, masks
    found, code = examine(bascule)
    assert not faults(found) and code == 0
    assert "its dataplane runs" in found["configuration"][0]["finding"]
    assert all(", 0 are wanted" in finding["finding"] for finding in found["hugepages"])
    assert states(found, "listeners") == {"ok"}, "its own control is no other daemon"


def test_fix(bascule):
    """A namespace has a bound of its own on what sockets may have for their keys, which is too low: mended here, it is so
    nowhere else."""
    found, _ = examine(bascule)
    ailing = {check for check in found if states(found, check) & {"warning", "fault"}}
    if ailing != {"sysctl"}:
        pytest.skip(f"this host would be changed: {ailing or 'nothing ails here'}")
    here, outside = bascule.namespace.run("cat", "/proc/sys/net/core/optmem_max"), open("/proc/sys/net/core/optmem_max").read()
    assert int(here.stdout) < 262144
    found, code = examine(bascule, "--fix")
    assert code == 0 and "fixed" in states(found, "sysctl")
    assert int(bascule.namespace.run("cat", "/proc/sys/net/core/optmem_max").stdout) == 262144
    assert open("/proc/sys/net/core/optmem_max").read() == outside
    found, _ = examine(bascule)
    assert "warning" not in states(found, "sysctl") and not any("fixed" in states(found, check) for check in found)


def test_nics_of_this_host():
    """Whatever is there: a line a NIC of the PCI bus, and what the default route goes by is guarded."""
    def run(*words):
        return json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)

    nics, routes = run(CLI, "--json", "nic", "list"), run("ip", "-json", "route", "show", "default")
    there = [name for name in os.listdir("/sys/bus/pci/devices")
             if open(f"/sys/bus/pci/devices/{name}/class", encoding="ascii").read().startswith("0x02")]
    assert sorted(nic["address"] for nic in nics) == sorted(there)
    uplinks = {route["dev"] for route in routes}
    for nic in nics:
        assert nic["guarded"] or not uplinks & set(nic["interfaces"]), nic


@pytest.mark.parametrize("name", ["lo", "0000:ff:1f.7", "3b:00", ""])
def test_no_nic(bascule, name):
    for act in ("bind", "unbind", "persist"):
        done = bascule.namespace.run(CLI, "nic", act, name, check=False)
        assert done.returncode == 1 and "is no NIC on a PCI bus" in done.stderr, done.stderr
