"""A computer that QEMU plays in software, with PCI NICs, an IOMMU and a disk, and the line on which a test speaks to it."""

import base64
import itertools
import json
import socket
import threading

from lab import LabError
from tagger import ROOM

BOOT_S = 600  # on a machine that does much else
SLOT_S = 120
BUS_S = 600  # what systemctl gives systemd for an answer: by itself 25 s
MTU = 1500
# Linux clears and copies by `rep stosb` and `rep movsb` where a CPU says that it is fast at them, and QEMU plays that an octet at a time.
CPU = "max,fsrm=off,erms=off"


class Nic:
    """One of the guest's: `kind` is QEMU's, in slot `number` (from 1 on) of the board, a port of its own that it may be taken out
    of; `lan` where it is plugged in."""

    OPTIONS = {"virtio-net-pci": {"iommu_platform": True}}  # its DMA by the IOMMU too, as a device's on metal

    def __init__(self, kind, number, lan):
        self.kind, self.number, self.lan = kind, number, lan
        self.tap = f"{lan.name}.nic"

    @property
    def pci(self):
        return f"0000:{self.number:02x}:00.0"  # firmware numbers the buses behind the slots in their order

    def plug(self, lan):
        """Its cable, a TAP in the namespace that QEMU runs in, into a LAN: with room for tags."""
        self.lan.lab.fabric.ip("link", "set", self.tap, "mtu", MTU + ROOM, "master", lan.name, "up")

    def make_tap(self):
        self.lan.lab.fabric.ip("tuntap", "add", "name", self.tap, "mode", "tap")
        self.plug(self.lan)

    def device(self):
        """As -device and device_add take it."""
        return {"driver": self.kind, "id": f"nic{self.number}", "bus": f"slot{self.number}", "netdev": self.tap,
                "mac": f"02:00:00:00:00:{self.number:02x}", **self.OPTIONS.get(self.kind, {})}

    def words(self):
        return ["-netdev", f"tap,id={self.tap},ifname={self.tap},script=no,downscript=no",
                "-device", f"pcie-root-port,id=slot{self.number},chassis={self.number},slot={self.number},addr={15 + self.number:#x}",
                "-device", json.dumps(self.device())]


class Guest:
    """`disk` is the guest's own to write to; `medium` one with files for it, read-only; `parameters` the kernel's."""

    def __init__(self, lab, disk, medium, kernel, nics, memory_mb, parameters):
        self.lab, self.disk, self.medium, self.kernel, self.nics = lab, disk, medium, kernel, nics
        self.memory_mb, self.parameters = memory_mb, parameters
        self.console_path = lab.dir / "guest-console.log"
        self._ids = itertools.count(1)
        self._answers, self._hellos, self._news = {}, [], threading.Condition()
        self.process = self._line = None
        for nic in nics:
            nic.make_tap()

    def words(self):
        words = ["qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", CPU, "-smp", 3,
                 "-m", self.memory_mb, "-machine", "q35,kernel-irqchip=off", "-nodefaults", "-no-user-config", "-display", "none",
                 "-device", "intel-iommu,caching-mode=on,aw-bits=48",
                 "-kernel", self.kernel, "-append", f"root=/dev/nvme0n1 rw console=ttyS0 {self.parameters}",
                 "-qmp", f"unix:{self.lab.dir}/qmp,server=on,wait=off",
                 "-serial", f"file:{self.console_path}",
                 "-drive", f"file={self.disk},if=none,id=disk,format=raw,cache=writeback",
                 "-device", "nvme,drive=disk,serial=disk",
                 "-drive", f"file={self.medium},if=none,id=medium,format=raw,read-only=on",
                 "-device", "nvme,drive=medium,serial=medium",
                 "-device", "virtio-serial-pci", "-chardev", f"socket,id=line,path={self.lab.dir}/line,server=on,wait=off",
                 "-device", "virtserialport,chardev=line,name=agent"]
        return words + [word for nic in self.nics for word in nic.words()]

    # --- power --------------------------------------------------------------------------------------------------------------

    def power_on(self):
        """On, and up: all units have started."""
        self._hellos.clear()
        self.process = self.lab.fabric.start("qemu", *self.words())
        self.process.ready((self.lab.dir / "line").exists, "its line")
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.connect(str(self.lab.dir / "line"))
        threading.Thread(target=self._listen, args=(self._line.makefile("r"),), daemon=True).start()
        self.wait_up(1)

    def _panics(self):
        if "Kernel panic" in self.console():
            raise LabError(f"the guest's kernel has panicked:\n{self.console()[-2000:]}")

    def wait_up(self, boots):
        """Until the agent has said hello that often since power came on, and systemd has started all."""
        self.process.ready(lambda: len(self._hellos) >= boots or self._panics(), "boot", BOOT_S)
        self.run("systemctl is-system-running --wait", check=False, seconds=BOOT_S)

    def reboot(self):
        """By itself, in order."""
        boots = len(self._hellos)
        self.run("systemd-run --no-block systemctl reboot")
        self.wait_up(boots + 1)

    def cut_power(self):
        """What the guest has not given to its disk is lost."""
        self.process.kill()
        self._line.close()
        (self.lab.dir / "line").unlink()

    # --- slots ----------------------------------------------------------------------------------------------------------------

    def _monitor(self, event, command, **arguments):
        """Have QEMU do it (QMP), and wait for the event by which it has been done, if there is one."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.settimeout(SLOT_S)
            line.connect(str(self.lab.dir / "qmp"))
            file = line.makefile("rw")
            for execute, words in (("qmp_capabilities", {}), (command, arguments)):
                file.write(json.dumps({"execute": execute, "arguments": words}) + "\n")
                file.flush()
                said = next(word for word in map(json.loads, file) if "return" in word or "error" in word)
                if "error" in said:
                    raise LabError(f"QEMU: {execute}: {said['error']['desc']}")
            while event and json.loads(next(file)).get("event") != event:
                pass

    def take_out(self, nic):
        """Out of its slot: the guest is asked, and lets it go."""
        self._monitor("DEVICE_DELETED", "device_del", id=nic.device()["id"])

    def put_in(self, nic):
        self._monitor(None, "device_add", **nic.device())

    # --- the line -------------------------------------------------------------------------------------------------------------

    def _listen(self, lines):
        try:
            for line in lines:
                words = line.split()
                with self._news:
                    if words[:1] == ["hello"]:
                        self._hellos.append(words[1])
                    elif len(words) >= 2:
                        self._answers[int(words[0])] = (int(words[1]), base64.b64decode("".join(words[2:])).decode(errors="replace"))
                    self._news.notify_all()
        except (OSError, ValueError):
            pass  # its power went

    def ask(self, command):
        """Have it run `command` (bash). Returns what answer() takes."""
        number = next(self._ids)
        patient = f"export SYSTEMD_BUS_TIMEOUT={BUS_S}\n{command}"
        self._line.sendall(f"{number} {base64.b64encode(patient.encode()).decode()}\n".encode())
        return number

    def answer(self, number, seconds=200):
        """(exit status, what it said), when it has ended."""
        with self._news:
            if not self._news.wait_for(lambda: number in self._answers or not self.process.alive, seconds):
                raise LabError(f"the guest has not answered within {seconds} s; its console:\n{self.console()[-2000:]}")
            if number not in self._answers:
                raise LabError(f"QEMU has ended:\n{self.process.log()[-2000:]}")
            return self._answers.pop(number)

    def run(self, command, check=True, seconds=200):
        """What a command said, as $(...) has it; LabError if it failed, unless check is false."""
        status, text = self.answer(self.ask(command), seconds)
        text = text.rstrip("\n")
        if status and check:
            raise LabError(f"{command}: exit {status}\n{text}")
        return text

    def json(self, command, check=True):
        text = self.run(command, check)
        try:
            return json.loads(text)
        except ValueError:
            if check:
                raise LabError(f"{command}: not JSON: {text[:500]!r}") from None
            return None

    def console(self):
        return self.console_path.read_text(errors="replace") if self.console_path.exists() else ""
