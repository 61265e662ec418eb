-- logins_pkey.
SELECT nonce, ciphertext FROM logins WHERE connection_id = $1;
