"""What this app is compared with, each served as people serve it."""
