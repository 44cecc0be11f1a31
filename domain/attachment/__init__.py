"""Which files are taken and how they are recognised; never where they are kept."""
