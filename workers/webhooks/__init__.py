"""Sends webhooks: what is said, how it is signed, and how it reaches only addresses that it may be sent to."""
