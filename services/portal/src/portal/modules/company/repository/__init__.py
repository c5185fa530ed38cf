"""Every SQL statement of the company, by aggregate: people, sessions, links, departments, the company."""
