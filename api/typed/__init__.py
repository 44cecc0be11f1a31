"""What people type: instants, telephone numbers, texts; clean before it is judged."""
