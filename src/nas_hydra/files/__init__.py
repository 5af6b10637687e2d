"""Files: small ones written in one step, cells of a csv, and digests of what is written."""
