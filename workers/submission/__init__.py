"""What is checked and computed before a job is accepted: its schema, its budget, its fingerprints."""
