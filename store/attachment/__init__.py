"""Files and their rows; never what is decided with them."""
