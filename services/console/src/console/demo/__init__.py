"""The demo: two companies work on the running cluster while parts of it are killed.

``play`` runs the acts in order; each act makes promises and measures them. ``company`` is a client like
anybody could write, ``sabotage`` does the harm, ``load`` keeps count of what was acknowledged.
"""
