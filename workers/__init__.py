"""The workers' side of Thinkline: contracts, store, stages, adapters and the command line."""
