"""What `benchmarks/router.py` and `benchmarks/train_router.py` share."""
