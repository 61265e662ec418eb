-- Whether a lead was erased, so that a late event does not bring it back: erasures_pkey.
SELECT EXISTS (SELECT FROM erasures WHERE connection_id = $1 AND lead_hash = $2)
