"""Fixtures: a laboratory for each module, because building and converging one takes seconds, not milliseconds."""

import contextlib
import os

import pytest

import both_sides
import hub as hubs
from bascule import BUILD
from families import V4, V6, seen
from lab import named_lab, wait_for
from networks import Networks


@contextlib.contextmanager
def running_networks(name, both=False, **options):
    """Networks(**options), started and converged. Logs stay in BASCULE_LOGS/NAME if that is set. `both`: of both families."""
    with named_lab(name, both) as lab:
        net = Networks(lab, **options)
        net.start()
        yield net


@pytest.fixture(scope="module")
def family(request):
    """The one that a test is about: each in turn in a module whose pytestmark has families.both_families."""
    return getattr(request, "param", V4)


def of_both(module):
    """Is a module's laboratory of both families?"""
    marks = [mark.args[0] for mark in module.iter_markers("parametrize")]
    return "family" in marks or bool(module.get_closest_marker("both_at_once"))


@pytest.fixture(scope="module")
def shared_net(request):
    """The networks of a module, as its NETWORKS dict wants them. The switch is off to begin with."""
    options = getattr(request.module, "NETWORKS", {})
    with running_networks(request.module.__name__, of_both(request.node), **options) as net:
        yield net


@pytest.fixture(scope="module")
def net(request, shared_net, family):
    return shared_net if request.node.get_closest_marker("both_at_once") else seen(shared_net, family)


@pytest.fixture
def undisturbed(net):
    """Around a test that must not disturb anything: processes live, sessions and tables are as they were."""
    def tables():
        return {(name, address): daemon.received(address)
                for name, daemon, addresses in net.bgp_peers() for address in addresses}

    sessions, before = net.sessions(), tables()
    yield
    for bascule in net.bascules:
        assert bascule.dataplane.alive and bascule.control.alive, f"{bascule.name} ended"
    assert net.sessions() == sessions
    wait_for(lambda: tables() == before, "the tables as they were", 10)
    wait_for(lambda: not both_sides.differences(net, before), "the same at both sides of every session", 10)


@pytest.fixture(scope="module")
def shared_hub(request):
    """The hub (hub.py) of a module, with route exchange on. A module whose pytestmark is hub.both_kinds has one with each kind
    of gateways in turn."""
    gateways = getattr(request, "param", "exabgp")
    name = f"{request.module.__name__}.{gateways}"
    with hubs.running_hub(name, gateways=gateways, both=of_both(request.node)) as hub:
        hub.bascule.exchange(True)
        yield hub


@pytest.fixture
def hub(shared_hub, family):
    with hubs.undisturbed(seen(shared_hub, family)) as hub:
        yield hub


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks
def pytest_collection_modifyitems(config, items):
    """A module's tests are one group (--dist loadgroup), for they share a laboratory; those of a module that has several, by
    parameters of the module, are one group each. The families share one."""
    def again(item):
        params = getattr(item, "callspec", None) and item.callspec.params or {}
        return params.get("family") is V6 and item.get_closest_marker("once")

    config.hook.pytest_deselected(items=[item for item in items if again(item)])
    items[:] = [item for item in items if not again(item)]
    for item in items:
        fixtures = item._fixtureinfo.name2fixturedefs
        indices = getattr(item, "callspec", None) and item.callspec.indices or {}
        labs = [f"{name}{index}" for name, index in sorted(indices.items())
                if name != "family" and name in fixtures and fixtures[name][-1].scope == "module"]
        item.add_marker(pytest.mark.xdist_group("-".join([item.path.stem, *labs])))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows what its labs' peers have been told, and what they have received."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and report.when != "teardown":
        labs = {id(lab): lab for lab in getattr(item, "funcargs", {}).values() if hasattr(lab, "both_sides")}
        for lab in labs.values():
            report.sections.append(("what peers have been told and have received", both_sides.tell(lab)))


def pytest_configure(config):
    if os.geteuid():
        pytest.exit("the interop tests need root: they make network namespaces and use hugepages", 2)
    if not (BUILD / "dataplane" / "bascule-dataplane").exists():
        pytest.exit(f"no build in {BUILD}: run tools/test, or set BASCULE_BUILD", 2)
