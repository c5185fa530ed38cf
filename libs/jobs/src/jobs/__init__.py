"""Work that outlives the request that asked for it, kept in the portal's own database.

``jobs.queue`` is for whoever wants work done or does a step of it: everything runs inside the caller's
transaction, so a job exists if and only if the change that asked for it does. ``jobs.claims`` and
``jobs.scanning`` are for workers: find what is due, take it for a while, say how it ended (the words for
that are in ``jobs.outcomes``). ``jobs.mail`` is the one kind with a payload known to both sides.

A job is executed at least once, so handlers are idempotent.
"""
