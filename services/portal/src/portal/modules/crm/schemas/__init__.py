"""The JSON of the CRM."""
