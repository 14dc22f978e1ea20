"""The streaming client of OpenAI-compatible endpoints, and the circuit breaker of each model."""
