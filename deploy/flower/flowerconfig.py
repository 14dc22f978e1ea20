"""Flower as Thinkline runs it: it looks and never touches. Address and port are given on its command line.

Messages carry a job's id and its attempt, so no prompt and no answer can show up here. Flower's HTTP API stays closed
as long as it has no authentication; its pages, `/metrics` and `/healthcheck` are open to whoever reaches the port.
"""
# ruff: noqa: INP001 - Flower reads this file by its path

read_only = True
tasks_columns = "name,uuid,args,state,received,started,runtime,worker"
max_tasks = 10_000
purge_offline_workers = 60
persistent = False
natural_time = False
