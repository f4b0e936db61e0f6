"""A computer that QEMU plays in software, with PCI NICs, an IOMMU and a disk, and the line on which a test speaks to it."""

import base64
import itertools
import json
import socket
import threading

from lab import LabError

BOOT_S = 300  # on a machine that does much else
# Linux copies by `rep movsb` where a CPU says that it is fast at short ones, and QEMU plays that an octet at a time.
CPU = "max,fsrm=off"


class Nic:
    """One of the guest's: `kind` is QEMU's, `slot` its place on the bus, `lan` where it is plugged in."""

    OPTIONS = {"virtio-net-pci": ",disable-legacy=on,iommu_platform=on"}  # its DMA by the IOMMU too, as a device's on metal

    def __init__(self, kind, slot, lan):
        self.kind, self.slot, self.lan = kind, slot, lan
        self.tap = f"{lan.name}.nic"
        self.mac = f"02:00:00:00:00:{slot:02x}"

    @property
    def pci(self):
        return f"0000:00:{self.slot:02x}.0"

    def plug(self):
        """A TAP on the LAN, in the namespace that QEMU runs in."""
        fabric = self.lan.lab.fabric
        fabric.ip("tuntap", "add", "name", self.tap, "mode", "tap")
        fabric.ip("link", "set", self.tap, "master", self.lan.name, "up")

    def words(self):
        return ["-netdev", f"tap,id={self.tap},ifname={self.tap},script=no,downscript=no",
                "-device", f"{self.kind},netdev={self.tap},addr={self.slot:#x},mac={self.mac}{self.OPTIONS.get(self.kind, '')}"]


class Guest:
    """`disk` is the guest's own to write to; `medium` one with files for it, read-only; `parameters` the kernel's."""

    def __init__(self, lab, disk, medium, kernel, nics, memory_mb, parameters):
        self.lab, self.disk, self.medium, self.kernel, self.nics = lab, disk, medium, kernel, nics
        self.memory_mb, self.parameters = memory_mb, parameters
        self._ids = itertools.count(1)
        self._answers, self._hellos, self._news = {}, [], threading.Condition()
        self.process = self._line = None
        for nic in nics:
            nic.plug()

    def words(self):
        words = ["qemu-system-x86_64", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", CPU, "-smp", 3,
                 "-m", self.memory_mb, "-machine", "q35,kernel-irqchip=off", "-nodefaults", "-no-user-config", "-display", "none",
                 "-device", "intel-iommu,caching-mode=on,aw-bits=48",
                 "-kernel", self.kernel, "-append", f"root=/dev/nvme0n1 rw console=ttyS0 {self.parameters}",
                 "-serial", f"file:{self.lab.dir}/guest-console.log",
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

    def wait_up(self, boots):
        """Until the agent has said hello that often since power came on, and systemd has started all."""
        self.process.ready(lambda: len(self._hellos) >= boots, "boot", BOOT_S)
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
        self._line.sendall(f"{number} {base64.b64encode(command.encode()).decode()}\n".encode())
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
        return (self.lab.dir / "guest-console.log").read_text(errors="replace")
