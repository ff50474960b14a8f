"""SES: one sending method, the account, the parser of its events."""
