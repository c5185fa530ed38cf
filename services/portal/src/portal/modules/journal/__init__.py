"""Journal: everything that happened in the portal, in order, for whoever keeps a cursor."""
