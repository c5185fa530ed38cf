"""What stops the laboratory itself; a promise that is broken is a result, not an error."""


class LaboratoryError(Exception):
    """One sentence for the person at the terminal."""
