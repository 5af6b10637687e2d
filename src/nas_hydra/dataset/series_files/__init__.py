"""Series: what files of them hold, and the tensors that become of it."""
