"""What pages cost: a first visit, idle tabs, hours with many of them open."""
