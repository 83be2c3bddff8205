"""The log of the requests that were made to the sandbox, by whomever."""
