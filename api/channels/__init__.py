"""What programs of channels send: orders, files, and the codes they may name; never a page."""
