"""The use cases of the CRM; each is given the stores of one transaction, or a way to open some."""
