"""The routing service: which host is which portal, who owns it, who may have a name. State is in etcd.

Read ``domain`` and ``hostnames`` (the rules), then ``claims`` and ``portals`` (etcd,
one transaction per verb), ``feed`` (the same in memory, for everybody who reads) and ``service`` (the
verbs). ``app`` puts them together.
"""
