"""What follows a sale while the server is killed, compared with what the sandbox says."""
