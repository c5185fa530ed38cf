"""The database of this datacentre: looked at, told what to do, started the right way.

``LocalDatabase`` observes one server and makes it obey; ``Probe`` tells whether a server answers at all;
``start`` is what the supervisor runs in the place of mariadbd; ``agency`` lets one agent work at a time.
"""

from failover.database.local import LocalDatabase
from failover.database.probe import Probe

__all__ = ["LocalDatabase", "Probe"]
