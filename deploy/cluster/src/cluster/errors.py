"""How bringing a cluster up or down can fail."""


class ClusterError(Exception):
    """Something the person at the keyboard must know: one clear sentence, with what to do."""
