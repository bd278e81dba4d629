"""Fan-out: the processor time that a server spends on each line it delivers, beside its peers and a floor."""
