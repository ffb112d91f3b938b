"""Networks, and parts of networks, that several plugins share."""
