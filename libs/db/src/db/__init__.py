"""MariaDB for portals: statements, one-portal sessions, the fence, the journal.

``db.schema`` declares tables and how each belongs to a portal; ``db.statements`` compiles a SQLAlchemy
Core statement once and refuses one that could reach beyond its portal; ``db.conditions`` turns what a list
is asked for into SQL; ``db.engine`` holds the pool of one database; ``db.sessions`` gives a read session or
a fenced write transaction of one portal; ``db.journal`` keeps what happened; ``db.fence`` is what keeps a
stale writer out (HA.md §4).
"""
