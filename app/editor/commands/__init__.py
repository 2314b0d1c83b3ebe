"""What keys, buttons and menus do: one table of commands, each a function of session and shell."""
