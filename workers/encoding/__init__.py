"""Texts into vectors: once a job, shared by the router and the cache."""
