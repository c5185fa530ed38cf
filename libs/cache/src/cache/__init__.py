"""memcached as what it is: a cache. Flush it, kill it, and nobody notices but the clock.

``Cache`` keys carry the portal, so no portal can hit another's entry. Every failure is a miss.
"""

from cache.memcached import Cache

__all__ = ["Cache"]
