-- Where some generations are to be written: write_backs_pkey.
SELECT generation_id, target FROM write_backs WHERE generation_id = ANY($1)
