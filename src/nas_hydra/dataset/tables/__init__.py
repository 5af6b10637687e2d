"""Tables: what a file of rows and columns holds, and the tensors that become of it."""
