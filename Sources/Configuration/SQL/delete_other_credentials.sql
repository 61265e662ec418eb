-- credentials_pkey.
DELETE FROM credentials WHERE connection_id = $1 AND name <> ALL ($2::text[]);
