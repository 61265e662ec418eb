-- Every connection with the account it leads to; an installation has few.
SELECT id, system, account FROM connections
