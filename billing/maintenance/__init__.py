"""What keeps the data in bounds: retention, erasure, backup."""
