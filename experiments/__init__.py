"""Studies on real data, made of the library's public functions only. The data itself is the reader's own copy."""
