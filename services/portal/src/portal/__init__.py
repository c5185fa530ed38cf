"""The portal: every tool a company's people use, one folder per tool under ``modules``.

A web node is stateless. ``gate`` decides whether this datacentre serves the portal, ``unit`` makes each
request one transaction, ``context`` is what a handler sees; ``app`` puts it together.
"""
