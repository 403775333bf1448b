"""Read a host: the script that runs there, its wire format, and evidence made into a snapshot."""
