"""Stand-ins for AWS in memory: fast enough to be killed a thousand times, faithful enough to be believed."""
