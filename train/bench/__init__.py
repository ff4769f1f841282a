"""How fast scoring is beside what a user would pick instead: `xuncha bench`, `make bench`."""
