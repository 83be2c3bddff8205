"""What happens later: jobs, the clock that can be moved, the work that runs by itself."""
