"""Add-in sources → files that IT can hand out; nothing else of the package depends on them."""
