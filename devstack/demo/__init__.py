"""``make demo``: one campaign from a CSV to its report, in the local cloud."""
