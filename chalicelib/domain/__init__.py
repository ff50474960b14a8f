"""What is true: frozen dataclasses, pure functions, transition tables and ports. Standard library only."""
