"""What the deployment does, against moto, and against scripted answers where moto says nothing."""
