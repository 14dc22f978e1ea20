"""Running everything on one machine: the embedded Redis, the local model, and the supervisor of all processes."""
