"""What UdpFlow says of its datagrams is true, on the loopback of a namespace, where none is lost but on purpose."""

import time

import pytest

from lab import Lab, LabError
from traffic import UdpFlow, all_wait_more

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def host():
    with Lab() as lab:
        yield lab.namespace("host")


def flow_of(kind, host):
    return kind(host, HOST, host, HOST)


class Late(UdpFlow):
    """Its receiver gets no CPU until all has been sent, and then for longer than a flow may be quiet."""

    QUIET_S = 0.05

    def _take(self, datagram):
        if not self.received:
            self._stopped.wait()
            time.sleep(3 * self.QUIET_S)
        super()._take(datagram)


def test_what_waits_for_a_late_receiver_is_not_lost(host):
    with flow_of(Late, host) as flow:
        while flow.sent < 20:
            time.sleep(0.001)
    assert flow.lost == [] and flow.received == flow.sent >= 20


class Bad(UdpFlow):
    """A few do not arrive, one comes twice, and one is not what was sent."""

    QUIET_S = 0.05

    def _take(self, datagram):
        number, _ = self.HEAD.unpack_from(datagram)
        if number in (3, 4, 7):
            return
        if number == 5:
            super()._take(datagram)
        super()._take(datagram[:-1] + b"\0" if number == 6 else datagram)


def test_what_happens_to_datagrams_is_told(host):
    with flow_of(Bad, host) as flow:
        flow.wait_more(10)
    assert (flow.lost, flow.doubled, flow.corrupted) == ([(3, 4), (7, 7)], [5], 1)


class Dead(UdpFlow):
    QUIET_S = 0.05

    def _take(self, datagram):
        pass


def test_all_flows_are_waited_for_at_once(host):
    with flow_of(UdpFlow, host) as one, flow_of(UdpFlow, host) as other, flow_of(Dead, host) as dead:
        before = one.received, other.received
        all_wait_more((one, other), 20)
        assert one.received >= before[0] + 20 and other.received >= before[1] + 20
        with pytest.raises(LabError, match="within 0.1 s"):
            all_wait_more((one, dead), 1, seconds=0.1)
