"""The routes for channels' programs: orders, files, and the codes that they may name; never a page."""
