"""What the office's directory says to workflows; never the directory itself."""
