"""GPTCache and RedisVL, each in an environment of its own, beside the cache: see benchmarks/cache_peers.py."""
