#!/usr/bin/python3
"""The guest's disk: a Debian of the host's own release and mirrors, as a bare-metal host has it before anything of ours is there.

    usage: image.py FOLDER PACKAGE.deb     makes FOLDER/HASH.ext4 and HASH.vmlinuz, unless they are there; prints what it does

HASH is that of all that goes in: this file, the guest's agent, the mirrors, and what PACKAGE.deb needs of Debian. The package itself
does not go in: the test installs it. There is no boot loader and no initial RAM disk: QEMU starts the kernel, and the drivers
of an NVMe disk and of ext4 are built into it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGENT = [HERE / "agent", HERE / "agent.service"]
SOURCES = [Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")]

KERNEL = "linux-image-cloud-amd64"
# What a host has anyway, driverctl, and DPDK's drivers of the NICs that QEMU plays.
HOST = ["systemd-sysv", "udev", "kmod", "iproute2", "driverctl"]
DRIVERS = ["librte-net-e1000-23", "librte-net-virtio23", "librte-net-vmxnet3-23"]
SIZE = "1500M"  # sparse


class ImageError(Exception):
    """Why there is no image, in one line."""


def say(*words):
    print("image:", *words, flush=True)


def depends(package):
    """What a package needs of Debian: of alternatives the first."""
    field = subprocess.check_output(["dpkg-deb", "--field", package, "Depends"], text=True)
    return sorted({re.match(r"[^ (|]+", item.strip())[0] for item in field.split(",")})


def sources():
    """The host's own list of mirrors."""
    for path in SOURCES:
        if path.exists() and re.search(r"(?m)^(deb|Types: deb)\b", path.read_text()):
            return path
    raise ImageError(f"no mirror of Debian in {' or '.join(map(str, SOURCES))}")


def release():
    return re.search(r"(?m)^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text())[1]


def digest(*inputs):
    sha = hashlib.sha256()
    for item in inputs:
        sha.update(item.read_bytes() if isinstance(item, Path) else str(item).encode())
    return sha.hexdigest()[:16]


def roomy():
    """Where to build: in memory if there is enough, for a disk takes three times as long."""
    shm = Path("/dev/shm")
    if shm.is_dir() and shutil.disk_usage(shm).free > 3 << 30:
        return shm
    return None


def bootstrap(root, packages, mirrors):
    """A tree of these packages, and the kernel's files without its scripts, which would make an initial RAM disk."""
    kernel = f"""cd "$1" && export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
        version=$(apt-cache depends {KERNEL} | sed -n 's/.*Depends: //p' | head -n 1)
        apt-get -q -o APT::Sandbox::User=root download "$version" && dpkg-deb -x linux-image-*.deb kernel &&
            mv kernel/lib/modules lib/ && mv kernel/boot/* boot/ && rm -r kernel linux-image-*.deb &&
            chroot . depmod "${{version#linux-image-}}" """
    options = ["Acquire::http::Timeout 20", "Acquire::Retries 1", 'Acquire::Languages "none"', 'APT::Install-Recommends "false"']
    command = ["mmdebstrap", "--variant=apt", "--mode=root", "--format=directory", "--skip=cleanup/reproducible",
               *(f"--aptopt={option}" for option in options), "--dpkgopt=force-unsafe-io",
               f"--include={','.join(packages)}", f"--customize-hook={kernel}",
               '--customize-hook=rm "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "$1"/etc/apt/apt.conf.d/99mmdebstrap',
               release(), str(root), str(mirrors)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, "TMPDIR": str(root.parent)}) as process:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("I: ") and line.rstrip().endswith(("...", "s")):
                say(line[3:].strip())
    if process.returncode:
        why_not(lines)


def why_not(lines):
    """What mmdebstrap had to say, in one line: the mirror's answer if it was that."""
    for line in lines:
        if found := re.match(r"(?:Err:\d+|W: Failed to fetch|E: Failed to fetch) (\S+)", line):
            what = next((other.strip() for other in lines[lines.index(line) + 1:]), "no answer")
            raise ImageError(f"Debian's mirror {found[1]} does not give what the image needs: {what}")
    errors = [line for line in lines if line.startswith("E: ")]
    raise ImageError(f"mmdebstrap: {errors[0][3:] if errors else chr(10).join(lines[-5:])}")


def furnish(root):
    """A host's name and disk, the agent that the test speaks to, and nobody else at the console that it reads."""
    etc = root / "etc"
    (etc / "hostname").write_text("metal\n")
    (etc / "hosts").write_text("127.0.0.1 localhost metal\n")
    (etc / "fstab").write_text("/dev/nvme0n1 / ext4 defaults 0 1\n")
    (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")  # with one, the first boot is as any other
    (etc / "modules-load.d" / "agent.conf").write_text("virtio_console\n")
    shutil.copy(HERE / "agent", root / "usr/local/sbin/agent")
    units = etc / "systemd/system"
    shutil.copy(HERE / "agent.service", units)
    (units / "multi-user.target.wants").mkdir(exist_ok=True)
    (units / "multi-user.target.wants/agent.service").symlink_to("/etc/systemd/system/agent.service")
    for masked in ("serial-getty@ttyS0.service", "getty@tty1.service", "getty-static.service", "apt-daily.timer",
                   "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer", "fstrim.timer"):
        (units / masked).symlink_to("/dev/null")


def make(folder, package):
    """(disk, kernel). Both are whole when they are there."""
    mirrors, packages = sources(), HOST + DRIVERS + depends(package)
    name = digest(Path(__file__), *AGENT, mirrors, release(), *packages)
    disk, kernel = folder / f"{name}.ext4", folder / f"{name}.vmlinuz"
    if disk.exists() and kernel.exists():
        say(f"{disk} is there")
        return disk, kernel
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.ext4"), *folder.glob("*.vmlinuz"), *folder.glob("*.new")):
        old.unlink()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bascule-metal-", dir=roomy()) as work:
        root = Path(work) / "root"
        bootstrap(root, packages, mirrors)
        furnish(root)
        say(f"writing {disk}")
        fresh = disk.with_suffix(".new")
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, fresh, SIZE], check=True)
        found, = (root / "boot").glob("vmlinuz-*")
        shutil.copy(found, kernel)
        fresh.rename(disk)
    say(f"made in {time.monotonic() - began:.0f} s")
    return disk, kernel


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        make(Path(sys.argv[1]).absolute(), Path(sys.argv[2]))
    except (ImageError, subprocess.CalledProcessError) as error:
        sys.exit(f"image: {error}")
