"""Nearest neighbours among the stored queries of one scope. This folder alone knows FAISS."""
