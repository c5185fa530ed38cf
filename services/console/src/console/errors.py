"""How a verb can fail."""


class ConsoleError(Exception):
    """What the operator has to know, in one sentence."""
