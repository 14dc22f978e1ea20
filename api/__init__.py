"""The HTTP face of Thinkline. It imports the client, the contracts, the settings and the telemetry, and no more."""
