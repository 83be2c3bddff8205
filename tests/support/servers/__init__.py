"""The product at work, in this process and in threads; `processes` of its own; and `stand_ins`."""
