-- Whose text a generation is: generations_pkey, leads_pkey.
SELECT leads.key FROM generations JOIN leads ON leads.id = generations.lead_id WHERE generations.id = $1
