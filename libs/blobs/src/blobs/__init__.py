"""Files of the portals in an S3 object store: one bucket and one key of its own for each portal.

``blobs.store.connect`` opens what all portals of a process share, ``blobs.bucket.Bucket`` is one portal's
bucket, ``blobs.uploads.Upload`` an upload that survives the process that began it,
``blobs.provisioning`` makes and removes buckets and keys. Failures are in ``blobs.errors``.
"""
