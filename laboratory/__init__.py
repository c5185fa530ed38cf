"""The fault laboratory: the real stack in network namespaces, harmed on purpose, under load that is checked.

``network`` and ``faults`` do the harm, ``workloads`` are the clients, ``history`` is what they saw,
``checker`` judges it, ``scenarios`` are the tests of docs/failover.md.
"""
