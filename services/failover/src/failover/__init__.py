"""Ownership and failover of the pairs: who may write where, and how that changes without a loss.

Pure so far: observations in, actions out. Read ``record`` (what etcd keeps), ``state`` (what an observer
sees), ``decide`` (what the elected controller does: it only moves the record), ``follow`` (what the agent
of each datacentre does: it makes its database agree with the record), then ``durability``, ``takeover``,
``switching``, ``rejoin``. ``problems`` is the table of failures. ``simulation`` drives all of it through
random faults with a false clock, etcd and databases.
"""
