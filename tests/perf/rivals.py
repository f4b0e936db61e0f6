"""What we forward beside: DPDK's testpmd, and its example l3fwd, built from Debian's sources with its offloads masked by what
the devices can do."""

import shutil
import subprocess
from pathlib import Path

from children import Failed
from figures import SOURCE, progress

FOLDER = SOURCE / "build-perf" / "l3fwd"

FAST_FREE = "\t\tif (dev_info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE)"
# In main.c. The last: room for the captures, which net_pcap keeps in packet buffers.
CHANGES = (
    (FAST_FREE, "\t\tlocal_port_conf.rxmode.offloads &= dev_info.rx_offload_capa;\n" + FAST_FREE),
    ("rxq_conf.offloads = port_conf.rxmode.offloads;",
     "rxq_conf.offloads = port_conf.rxmode.offloads & dev_info.rx_offload_capa;"),
    ("(unsigned)8192", "(unsigned)262144"),
)


def l3fwd():
    """The program; built if need be."""
    program = FOLDER / "l3fwd"
    if not program.exists():
        progress("building l3fwd")
        _build(program)
    return program


def _build(program):
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    _run("apt-get", "download", "-q", "dpdk-doc")
    _run("dpkg-deb", "-x", next(FOLDER.glob("dpdk-doc_*.deb")), ".")
    examples = FOLDER / "usr" / "share" / "dpdk" / "examples"
    for old, new in CHANGES:
        _change(examples / "l3fwd" / "main.c", old, new)
    flags = {what: _run("pkg-config", what, "libdpdk").split() for what in ("--cflags", "--libs")}
    # others are included
    sources = [path for path in (examples / "l3fwd").glob("*.c") if not path.name.endswith("_parse.c")]
    _run("cc", "-O3", "-w", "-DALLOW_EXPERIMENTAL_API", *flags["--cflags"], "-I", examples / "common", *sources,
         "-o", program, *flags["--libs"])


def _change(path, old, new):
    text = path.read_text()
    if text.count(old) != 1:
        raise Failed(f"{path}: {old.strip()!r} is there {text.count(old)} times: another l3fwd than we know")
    path.write_text(text.replace(old, new))


def _run(*words):
    done = subprocess.run([str(word) for word in words], cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
    return done.stdout


def testpmd():
    program = shutil.which("dpdk-testpmd")
    if not program:
        raise Failed("dpdk-testpmd is not there: tools/setup --test installs it")
    return Path(program)
