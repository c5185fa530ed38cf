"""Every SQL statement about files, uploads and the portal's storage account."""
