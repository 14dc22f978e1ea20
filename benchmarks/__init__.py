"""What the README claims about speed, runnable: each script prints its figures with their conditions."""
