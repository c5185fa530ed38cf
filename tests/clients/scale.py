"""How much the clients do: a little in `make test`, all of it in `make clients-test`."""

import os

import pytest

FULL = os.environ.get("PORTICO_CLIENTS") == "full"
LEADS = 10_000 if FULL else 300

only_in_full = pytest.mark.skipif(not FULL, reason="`make clients-test` does it")
