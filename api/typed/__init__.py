"""Values that people type: instants, telephone numbers, texts; cleaned before they are judged."""
