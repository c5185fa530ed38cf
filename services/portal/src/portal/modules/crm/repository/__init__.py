"""Every SQL statement of the CRM, by aggregate: leads, their list, contacts, lists, imports."""
