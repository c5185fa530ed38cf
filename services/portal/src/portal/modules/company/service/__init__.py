"""What can be done with the company, by use: people, access (log in, links), founding."""
