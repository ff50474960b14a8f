"""HTTP blueprints: parse, one call, answer."""
