"""The story that `make demo` tells: real contributions from upload to publication."""
