"""What the clients of the laboratory do: leads and lists over HTTP, a bank below it."""
