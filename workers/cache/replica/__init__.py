"""One process's copy of what the cache's log says: read to its tail before each look-up, begun from a snapshot."""
