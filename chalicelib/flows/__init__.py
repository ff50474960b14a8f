"""What we do: one dataclass of ports per flow, one verb per method."""
