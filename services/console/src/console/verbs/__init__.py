"""The words of ``portico``: each file reads what was typed, calls one function, and prints."""
