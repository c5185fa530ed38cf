"""Use cases of the drive.

``files`` and ``uploads`` run inside one transaction each. ``receiving``, ``parts`` and ``completing``
move bytes and hold no database connection while they do. ``sweeping`` and ``erasing`` are the jobs.
"""
