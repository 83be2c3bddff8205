"""``/_control``: pay, move the clock, inject faults, fill with history, reset."""
