"""What an operator does by hand: every verb on the real flow."""
