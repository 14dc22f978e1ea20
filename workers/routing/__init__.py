"""The classifier: what a query needs, how sure that is, and why."""
