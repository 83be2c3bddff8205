"""What pages cost: a rerun, a first visit, hours with many of them open."""
