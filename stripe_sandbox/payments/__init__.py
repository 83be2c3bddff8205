"""What happens when somebody pays: outcomes, completion, bank debits, renewals."""
