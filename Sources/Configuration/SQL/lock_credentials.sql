-- Lets one process at a time renew a connection's login, and keeps `leadwright apply` from changing the credentials
-- under it: credentials_pkey, in its order, so that two lockers cannot wait for each other in a circle.
SELECT name FROM credentials WHERE connection_id = $1 ORDER BY name FOR UPDATE;
