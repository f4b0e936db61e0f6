"""What we say that we have told a peer, beside what the peer's daemon says that it has from us.

A side is {prefix: (AS path, next hop, communities)}. A lab with daemons has `both_sides()`, a list of [Bascule, the
peer's name there, the daemon, our address at the peer]; only sessions that are up have two sides to be compared."""


def ours(bascule, peer):
    return {row["prefix"]: (tuple(int(asn) for asn in row["as_path"].split() if asn.isdigit()), row["next_hop"],
                            tuple(sorted(row["communities"])))
            for row in bascule.cli("show", "routes", "--peer", peer, "--advertised")}


def theirs(routes):
    """`routes`: {prefix: Route}, as a daemon's received() has them."""
    return {prefix: (route.as_path, route.next_hop, route.communities) for prefix, route in routes.items()}


def differing(here, there):
    """The prefixes of two sides that are not the same at both. A daemon may not know the communities: None. Where we told two
    next hops of IPv6 (RFC 2545) we show the global one, and some daemons the one on link."""
    def same(a, b):
        return a and b and a[0] == b[0] and (a[1] == b[1] or "fe80::" in b[1]) and b[2] in (None, a[2])

    return sorted(prefix for prefix in here.keys() | there.keys() if not same(here.get(prefix), there.get(prefix)))


def differences(lab, tables=None):
    """{(instance, peer): prefixes} of all that is up. `tables`: what was received, {(peer, our address): routes}, if it
    has been looked at already."""
    found = {}
    for bascule, peer, daemon, us in lab.both_sides():
        if daemon.running and bascule.established(peer):
            there = theirs(tables[peer, us] if tables else daemon.received(us))
            if prefixes := differing(ours(bascule, peer), there):
                found[bascule.name, peer] = prefixes
    return found


def tell(lab):
    """For people: each peer, its routes at both sides, what differs first."""
    return "\n".join(line for side in lab.both_sides() for line in _tell_peer(*side))


def _tell_peer(bascule, peer, daemon, us):
    try:
        here, there = ours(bascule, peer), theirs(daemon.received(us))
    except Exception as error:  # whatever has failed, the other peers are worth a look
        return [f"{bascule.name} {peer}: no answer: {error}"]
    different = differing(here, there)
    lines = [f"{bascule.name} {peer}, {daemon.name}: {len(here)} told, {len(there)} received, {len(different)} differ"]
    for prefix in different + sorted(here.keys() & there.keys() - set(different)):
        if prefix in different:
            lines.append(f"  {prefix}  told {_words(here.get(prefix))}, received {_words(there.get(prefix))}")
        else:
            lines.append(f"  {prefix}  {_words(here[prefix])}")
    return lines


def _words(route):
    if route is None:
        return "nothing"
    path, next_hop, communities = route
    return f"[{' '.join(map(str, path))}] by {next_hop} ({' '.join(communities or ())})"
