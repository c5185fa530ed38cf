"""Compares the contents of two servers that replicate, while one or both are written.

Nothing is stopped and no snapshot is held for hours. A table is walked by its primary key, a few thousand
rows at a time: both servers digest the same range, and where the digests differ the rows are looked at one
by one, each after the other server has caught up. That is exact:

- A row that was equal once stays equal: every change of it comes with its whole image through replication
  and is found by its primary key.
- So each row needs to be seen equal once, at whatever two instants. Suppose the value seen at the writer
  and the value seen at the reader are the same: changes of the writer that the reader has not applied yet
  will overwrite the row there, and if there are none, the values are those of today.
- A row that differs, and still differs when the reader has everything the writer had and the writer has
  not changed it meanwhile, three times in a row, differs.
"""

from failover.compare.comparer import Comparer
from failover.compare.report import Report

__all__ = ["Comparer", "Report"]
