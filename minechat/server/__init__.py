"""The server: accounts, storage and the hub behind its doors."""
