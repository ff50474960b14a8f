"""The API against everything that its own document allows, and much that it does not."""
