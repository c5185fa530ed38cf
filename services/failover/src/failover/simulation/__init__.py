"""A false world for the real decisions: seeded, single-threaded, a hundred thousand fates in a minute.

``world`` holds the truth, ``servers`` the databases, ``store`` etcd, ``network`` who reaches whom,
``processes`` the agents and controllers, ``clients`` the writes, ``faults`` what goes wrong, ``events``
how often, ``checker`` the promises. ``fate.run(seed)`` is one interleaving; the seed repeats it exactly.
"""
