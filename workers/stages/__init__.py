"""What happens to a job: classify, answer, and the watch over leases and overdue jobs."""
