"""Pictures of spaces, candidates and fronts: drawn by this package, as SVG and PNG."""
