"""The verbs that move ownership: each asks the failover service that leads, then tells how it goes.

Nothing here decides. The services finish what they have begun, or take it back, without this command.
"""
