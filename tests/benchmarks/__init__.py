"""How fast, and how it grows: run by `make bench`, skipped in every other run."""
