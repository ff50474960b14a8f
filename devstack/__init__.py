"""The local cloud: never deployed."""
