"""The worker: does the jobs of the portals that its datacentre owns.

A ``scout`` looks for what is due, a ``backlog`` shares it out fairly among portals, ``runner`` s claim one
job each, give it one turn and write how that ended. Mails are sent here (``worker.mail``); every other
kind is a series of steps that a web node does, asked over HTTP (``worker.steps``).
"""
