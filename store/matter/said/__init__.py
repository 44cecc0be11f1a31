"""What people say of a matter: kept, sent back, or not heard yet; whatever its kind."""
