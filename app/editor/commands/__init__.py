"""What keys, buttons and menus do."""
