"""The failover service of one site: its loops, its HTTP interface, its metrics.

``wiring`` opens everything, ``routes`` are the verbs, ``status`` what it shows, ``metrics`` what it counts.
"""
