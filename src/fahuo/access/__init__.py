"""Who may do what: users, roles, sessions, API tokens, and the log of what was done with them."""
