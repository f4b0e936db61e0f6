"""What a service manager sees of the two processes: in any order of starting, readiness, signs of life, and the end."""

import grp
import os
import shutil
import socket
from pathlib import Path

import pytest

from bascule import CLI
from lab import named_lab, wait_for
from played import Hub

PID = 12  # octets of struct ucred
CAP_CHOWN, CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK = 0, 10, 12, 13, 14
KEPT = {"control": (CAP_NET_BIND_SERVICE, CAP_NET_RAW), "dataplane": (CAP_NET_ADMIN, CAP_NET_RAW, CAP_IPC_LOCK)}
SANITIZED = "sanitize" in os.environ["BASCULE_BUILD"]  # a leak checker traces its own threads, which no filter lets it


def has_group(name):
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


class Manager:
    """The socket that NOTIFY_SOCKET names: what each process has said on it, by its PID."""

    def __init__(self, path):
        self.path = str(path)
        self.said = {}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind(self.path)

    def messages(self, process):
        """In order."""
        while True:
            try:
                text, (control, *_), _, _ = self._socket.recvmsg(4096, socket.CMSG_SPACE(PID))
            except BlockingIOError:
                return self.said.get(process.pid, [])
            self.said.setdefault(int.from_bytes(control[2][:4], "little"), []).extend(text.decode().split("\n"))

@pytest.fixture(scope="module")
def hub():
    with named_lab(__name__) as lab:
        hub = Hub(lab)
        hub.manager = Manager(lab.dir / "notify")
        hub.bascule.wrapper = ("env", f"NOTIFY_SOCKET={hub.manager.path}")
        hub.bascule.write_config()
        yield hub


def test_control_waits_for_its_dataplane_and_may_be_stopped_meanwhile(hub):
    control = hub.bascule.spawn("control")
    wait_for(lambda: "STATUS=waiting: bascule-dataplane is not running" in hub.manager.messages(control), "its word")
    assert "is not running: waiting for it" in control.log()
    assert control.stop() == 0


def test_each_says_when_it_is_ready_and_that_it_lives(hub):
    control = hub.bascule.control = hub.bascule.spawn("control")
    wait_for(lambda: hub.manager.messages(control), "control waits")
    dataplane = hub.bascule.dataplane = hub.bascule.spawn("dataplane")
    wait_for(lambda: "READY=1" in hub.manager.messages(dataplane), "dataplane ready")
    assert hub.bascule.cli("show", "ports"), "ready, so it answers"
    wait_for(lambda: "READY=1" in hub.manager.messages(control), "control ready")
    assert hub.bascule.summary()["instance"] == hub.bascule.name, "ready, so it answers"
    for process in (control, dataplane):
        messages = wait_for(lambda p=process: "WATCHDOG=1" in hub.manager.messages(p) and hub.manager.said[p.pid], "life")
        assert messages.index("READY=1") < messages.index("WATCHDOG=1")


@pytest.mark.parametrize("name", KEPT)
def test_root_gives_up_what_there_is_no_use_for(hub, name):
    """Each thread of a process that root has started: capabilities but for its own, and all but the system calls that it makes."""
    process = getattr(hub.bascule, name)
    kept = sum(1 << capability for capability in KEPT[name])
    if any(has_group(group) for group in ("bascule", "bascule-ro")):
        kept |= 1 << CAP_CHOWN
    for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
        fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        for capabilities in ("CapPrm", "CapEff", "CapBnd"):
            assert int(fields[capabilities], 16) == kept, (status, fields)
        assert fields["NoNewPrivs"] == "1"
        assert SANITIZED or fields["Seccomp"].strip() == "2", "a filter"
    assert "was refused" not in process.log()


def test_who_may_not_ask_is_told_so(hub):
    """Neither "no instance runs here" nor an error number alone: who may."""
    cli = hub.lab.dir / "bascule"
    shutil.copy(CLI, cli)  # the build may lie where others do not come
    for words, who in ((("show", "summary"), "bascule-ro to look only"), (("reload",), "group bascule"),
                       (("show", "ports"), "group bascule-ro")):
        command = [cli, *hub.bascule.command(*words)[1:]]
        done = hub.bascule.namespace.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command, check=False)
        assert done.returncode == 1 and "Permission denied" in done.stderr and who in done.stderr, (words, done)


def test_stopped_in_order_both_end_well(hub):
    assert hub.bascule.stop() == (0, 0)
