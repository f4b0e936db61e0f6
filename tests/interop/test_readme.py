"""What the READMEs show, run: the first instance is set up as README.md says; each configuration example is loaded into a
running hub (hub.py) and does what the text around it says; each command that they name exists, and each command that
exists is named; files and headings that they point at are there, and so is each function of the two tours in the file that
README.md names."""

import re

import pytest

from bascule import BUILD, CLI, SOURCE, config_text
from hub import A, B, VNETS, running_hub
from lab import Lab

PAGES = {page: (SOURCE / page).read_text() for page in (
    "README.md", "config/README.md", "config/deploy/README.md", "control/README.md", "dataplane/README.md", "tools/README.md", "tests/README.md")}
README = "\n".join(PAGES.values())
PROGRAM = str(CLI)


def sections(text=README):
    """(heading, body) in order."""
    parts = re.split(r"(?m)^#+ (.*)$", text)
    return list(zip(parts[1::2], parts[2::2]))


def examples():
    """(heading, text) of every block marked as libconfig."""
    return [(heading, text) for heading, body in sections() for text in re.findall(r"(?ms)^```libconfig\n(.*?)^```", body)]


def commands():
    """Every `bascule …` that the README tells to type, without the options that say which instance and how to print."""
    words = re.findall(r"`bascule ([^`\n]+)`", README) + re.findall(r"(?m)^(?:\S*/)?bascule ([^#\n]+)", README)
    words += [f"{command}" for _, body in sections() if "| command | what it does |" in body
              for row in re.findall(r"(?m)^\| (`.*?`) \|", body) for command in re.findall(r"`([^`]+)`", row)]
    return sorted({word.strip() for word in words if not word.startswith("[--instance")})


# --- configuration --------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def shared_hub():
    with running_hub("test_readme", lambda config: config["exchange"].update(enabled=True)) as hub:
        yield hub


@pytest.fixture
def hub(shared_hub):
    """Whatever the example was, the hub's own configuration comes back."""
    yield shared_hub
    shared_hub.reload()
    shared_hub.wait_established()
    shared_hub.withdraw_all()


def write(hub, text):
    """The hub's configuration with the settings of an example in the place of its own, approved."""
    given = set(re.findall(r"(?m)^(\w+) *=", text))
    rest = {name: value for name, value in hub.bascule.config.items() if name not in given}
    hub.bascule.config_path.write_text(config_text(rest) + text)
    hub.bascule.run("config", "check", hub.bascule.config_path)


def nvas_exchange_alone(hub):
    hub.a.announce("172.16.4.0/24", 65001)
    hub.wait("A's route at B", lambda: "172.16.4.0/24" in hub.told("nva-b"))
    assert not hub.bascule.summary()["exchange"] and set(hub.told("ergw")) == VNETS


def the_preference_decides(hub):
    hub.er.announce("10.50.0.0/16", 12076)
    hub.b.announce("10.50.0.0/16", 65002)
    hub.wait("B, by preference", lambda: hub.best("10.50.0.0/16") == ("nva-b", "routing preference"))
    assert hub.next_hops("10.50.0.0/16") == {B}


def paths_are_told_otherwise(hub):
    hub.b.announce("172.16.1.0/24", 65002, 65001, 3356)
    hub.er.announce("10.20.0.0/16", 12076, 65002)
    hub.wait("B's route at the gateway", lambda: "172.16.1.0/24" in hub.told("ergw"))
    hub.wait("the gateway's route at B", lambda: "10.20.0.0/16" in hub.told("nva-b"))
    assert hub.told("ergw")["172.16.1.0/24"].as_path == (3356,)
    assert hub.told("nva-b")["10.20.0.0/16"].as_path == (65515, 12076, 65515)


def whoever_comes_is_the_gateway(hub):
    hub.wait("the gateway's first instance", lambda: hub.bascule.peers().get("ergw/0", {}).get("state") == "Established")
    assert hub.bascule.peers()["ergw/0"]["subnet"] == "10.0.255.32/28"


def nvas_are_bounded(hub):
    assert hub.bascule.peer("nva-a")["max_routes"] == 4000
    assert hub.bascule.peer("ergw/0")["max_routes"] == 0


def routes_go_through_the_map(hub):
    hub.a.announce("10.122.1.0/24", 65001)
    hub.a.announce("172.20.1.0/24", 65001)
    hub.a.announce("172.20.2.0/24", 65001)
    hub.a.announce("172.16.3.0/24", 65001, communities=["65001:200"])
    hub.wait("what the map leaves", lambda: {p for p in hub.bascule.routes() if not p.startswith("10.")} == {
        "172.20.0.0/16", "172.16.3.0/24"})
    assert "10.122.1.0/24" not in hub.bascule.routes()
    assert hub.bascule.routes()["172.16.3.0/24"][0]["as_path"] == "64511 64511 65001"
    assert hub.next_hops("172.20.0.0/16") == {A}


# In the order of the pages. None: it is another instance, which is not started here.
PROOFS = {
    "Roles and route exchange": nvas_exchange_alone,
    "Both families": None,
    "A gateway as a subnet": whoever_comes_is_the_gateway,
    "Limits and alarms": nvas_are_bounded,
    "Route maps": routes_go_through_the_map,
    "Which route wins": the_preference_decides,
    "What a route may look like, and to whom it is told": paths_are_told_otherwise,
    "Two instances": None,
}


def test_every_example_has_a_proof():
    assert [heading for heading, _ in examples()] == list(PROOFS)


@pytest.mark.parametrize("heading, text", examples(), ids=[heading for heading, _ in examples()])
def test_example(hub, heading, text):
    write(hub, text)
    if PROOFS[heading]:
        hub.bascule.run("reload", "--force")  # most of the hub's peers are not in it
        PROOFS[heading](hub)


# --- the first instance ---------------------------------------------------------------------------------------------------

def test_first_instance():
    """Its commands as they stand, but for the build, in a network and with namespaces of its own."""
    body = dict(sections(PAGES["README.md"]))["First instance"]
    blocks = re.findall(r"(?ms)^```\n(.*?)^```", body)
    assert len(blocks) == 3
    script = re.sub(r"(?m)^meson setup build .*\n", "", "".join(blocks)).replace("build/", f"{BUILD.resolve()}/")
    private = "set -ex; for dir in /run/netns /run/bascule /var/lib/bascule; do mkdir -p $dir; mount -t tmpfs none $dir; done\n"
    with Lab() as lab:
        result = lab.namespace("host").run("unshare", "--mount", "timeout", "90", "bash", "-c",
                                           f"{private}cd {SOURCE}\n{script}", timeout=120)
    assert "Route exchange of lab is now on" in result.stdout


# --- what the pages point at ----------------------------------------------------------------------------------------------

def test_every_file_that_is_named_exists():
    named = set(re.findall(r"`((?:control|dataplane|config|tests|tools)/[\w./-]+)`", README))
    named |= {f"tests/interop/{name}" for name in re.findall(r"`(test_\w+\.py)`", README)}
    named |= {f"tests/unit/{name}" for name in re.findall(r"`(test_\w+\.cc)`", README)}
    missing = sorted(name for name in named if not (SOURCE / name).exists())
    assert len(named) > 50 and not missing


def tour(heading):
    """(function, file) of each hop that says `function` in `file`; a file of another folder is named in full."""
    (body,) = [body for title, body in sections(PAGES["README.md"]) if title == heading]
    folders = [path.rsplit("/", 1)[0] for path in re.findall(r"`([\w/]+/\w+\.[ch])`", body)]
    for names, file in re.findall(r"((?:`\w+`(?:,| and| of| →)? ?)+)(?:in|of) `([\w/]+\.[ch])`", body):
        there = [path for folder in [None, *folders] if (path := SOURCE / (folder or "") / file).exists()]
        for name in re.findall(r"`(\w+)`", names):
            yield name, there[0]


@pytest.mark.parametrize("heading, hops", [("One packet, five hops", 10), ("One UPDATE, ten hops", 13)])
def test_every_hop_is_where_the_tour_says(heading, hops):
    stops = list(tour(heading))
    # The name, not as a word of a comment: it is called, defined, or a member that points to a function.
    lost = [(name, str(path.relative_to(SOURCE))) for name, path in stops
            if not re.search(rf"(?m)^(?!\s*/?\*).*\b{name}\)?\(", path.read_text())]
    assert len(stops) >= hops and not lost, stops


def anchors(page):
    """What a link may name after its #: headings in lower case, without punctuation, hyphens for spaces."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading, _ in sections(page.read_text())}


def test_every_link_leads_somewhere():
    links = [(page, *link) for page, text in PAGES.items() for link in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", text)]
    lost = []
    for page, path, anchor in links:
        target = (SOURCE / page).parent / path if path else SOURCE / page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append((page, path, anchor))
    assert len(links) > 20 and not lost


# --- commands -------------------------------------------------------------------------------------------------------------

def usage(hub, *words):
    return hub.bascule.namespace.run(PROGRAM, *words, "--help", check=False)


def test_every_command_that_is_named_exists(shared_hub):
    unknown = []
    for command in commands():
        spoken = re.sub(r"\[[^\[\]]*\]", "", re.sub(r"\[[^\[\]]*\]", "", command))  # an option may have one of its own
        words = re.sub(r"--instance \w+|--[a-z-]+( [A-Z]+)?|…", "", spoken).split()
        if usage(shared_hub, *words).returncode:
            unknown.append(command)
    assert commands() and not unknown


def test_every_command_that_exists_is_named(shared_hub):
    known = re.findall(r"(?m)^  bascule (.*)$", usage(shared_hub).stdout)
    fixed = [re.split(r" [\[A-Z]| --", command)[0] for command in known]
    assert fixed and [words for words in fixed if not any(named.startswith(words) for named in commands())] == []
