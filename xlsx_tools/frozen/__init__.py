"""A period closed: everything a merge was made from in one archive that makes it again."""
