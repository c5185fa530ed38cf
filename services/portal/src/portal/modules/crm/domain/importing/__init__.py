"""A CSV file on its way to be leads: bytes, lines, records, columns, rows; and how far it has come.

Nothing here holds more of the file than the piece it is given, so an import can stop after any record
and go on from there in another process.
"""
