"""Drive: the files of people, each person's own, flat, kept in the portal's own bucket.

Start at ``domain``. A name is unique among a person's files, however it is capitalised; a taken one is
refused, or replaced by a free one if the sender says so. Contents never change: a file is made and
deleted. ``POST /drive/files?name=...`` takes the bytes of a whole file; ``/drive/uploads`` takes them in
parts, which may come through different nodes or go straight to the object store by a link.

Bytes and rows live in two stores that share no transaction, so the order decides what a crash may leave:
the object is written first, under a random key nobody knows, then its row with the counters in one
transaction. Deleting goes the other way. So a row always has its object (docs/adr/0012).
"""
