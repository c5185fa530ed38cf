"""The whole installation on one machine: what ``make up``, ``make box`` and the test-suite start.

``programs`` says what runs where, ``configuration`` writes the servers' own config files from the
templates in ``deploy/``, ``up`` and ``down`` bring it to life and to rest. Everything lives under
supervisord; everything it keeps lies in ``var``.
"""
