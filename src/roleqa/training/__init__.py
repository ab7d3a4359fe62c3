"""How the reader is made: from labelled questions to the weights that the package brings. Needs `roleqa[train]`."""
