"""The settings: what they are, where they are read, what each may hold."""
