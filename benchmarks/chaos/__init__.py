"""Proof of reliability: a mixed load while workers, Redis, the network and the models misbehave, checked from outside.

`python -m benchmarks.chaos --help`; docs/reliability.md says what is done, what is checked and what came out. Read in this
order: jobs.py (what is asked), upstream.py (what models do), client.py (who asks), trouble.py (who kills), check.py (what
must be true at the end), __main__.py (the run).
"""
