"""What can be said about files without loading them: pure Python, no torch, no Django."""
