"""The job's record, leases, events and idempotency in Redis: the only code that knows Redis keys."""
