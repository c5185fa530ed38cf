"""The JSON of the company, its people and their sessions."""
