"""What every benchmark is built of: processes, a load, its tally, tables."""
