"""The compatible REST surface: what every method of it shares, and nothing of any one tool.

Compatible with the Bitrix24 REST API as its public documentation and its clients show it. A method is
declared with its module (``portal.modules.*.rest``) as a ``method.Method``; start at ``dispatch``.
"""
