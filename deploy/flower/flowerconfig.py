"""Flower as Thinkline runs it: it looks and never touches. Address and port are given on its command line.

Messages carry a job's id and its attempt, so no prompt and no answer can show up here. With `FLOWER_BASIC_AUTH=user:password`
in the environment pages and HTTP API ask for it; without, the API stays closed (unless `FLOWER_UNAUTHENTICATED_API` is set:
do not) and pages are open to whoever reaches the port, as `/metrics` and `/healthcheck` always are.
"""
# ruff: noqa: INP001 - Flower reads this file by its path

read_only = True
tasks_columns = (
    "name,uuid,state,received,started,runtime,worker"  # the uuid is the job and its attempt, and so are the args
)
max_tasks = 10_000
purge_offline_workers = 60
persistent = False
natural_time = False
