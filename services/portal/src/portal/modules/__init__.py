"""One vertical slice per tool. Read a slice from ``domain`` outward."""
