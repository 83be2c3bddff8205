"""Who may do what: who is asking, with which role, and the log of what they did."""
