"""Units, people, posts and the versions of the directory; never a matter."""
