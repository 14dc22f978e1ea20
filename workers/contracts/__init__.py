"""Models that cross a process boundary, and the error tree. A leaf: pydantic and the standard library only."""
