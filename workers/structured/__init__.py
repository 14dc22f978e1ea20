"""A clean JSON result out of a verbose reply: how to ask for it, how to find it, how to have it reshaped."""

from workers.structured.asking import DEFAULT_SCHEMA, ask, reshape
from workers.structured.extraction import extract

__all__ = ["DEFAULT_SCHEMA", "ask", "extract", "reshape"]
