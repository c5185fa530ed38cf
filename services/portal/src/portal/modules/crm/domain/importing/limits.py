"""How much one import takes; documented, and refused beyond with 413."""

MOST_BYTES = 200 * 1024 * 1024
MOST_LINES = 1_000_000

MOST_COLUMNS = 100
LONGEST_LABEL = 100
# Beyond these problems are counted and no longer kept.
MOST_PROBLEMS = 1000
