"""Whether attention helps, here: the same training over seeds and designs, with fair controls."""
