"""Licence: the plan of a portal and what it allows.

Plans are rows, not code: the operator changes a limit and every portal sees it. Start at ``domain``.
"""
