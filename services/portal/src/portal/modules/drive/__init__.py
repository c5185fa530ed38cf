"""Drive: the files of people, each person's own, flat, kept in the portal's own bucket.

Start at ``domain``. Bytes and rows live in two stores that share no transaction, so the order decides
what a crash may leave: the object is written first, under a random key nobody knows, then its row with
the counters in one transaction. Deleting goes the other way: the row first, and the object by a job of
the same transaction. So a row always has its object, and a crash leaves at worst an object without a row.

Such orphans are found by their keys, which begin with the day (``files/20260821/<random>``): the job
``drive.sweep`` walks the keys once they are older than any upload may last, and each key is looked at
only once (``service/sweeping.py``).
"""
