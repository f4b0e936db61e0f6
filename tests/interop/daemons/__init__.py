"""The BGP daemons of others that Bascule is tested against."""

from .base import Daemon, Neighbor, Route
from .bird import Bird
from .exabgp import Exabgp
from .frr import Frr
from .gobgp import Gobgp
from .openbgpd import Openbgpd

__all__ = ["Bird", "Daemon", "Exabgp", "Frr", "Gobgp", "Neighbor", "Openbgpd", "Route"]
