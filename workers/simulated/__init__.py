"""The scripted upstream: a real HTTP server that plays an OpenAI-compatible model from a script. It is no model."""
