-- Which of some keys anything is known about: leads_key_key, events_by_lead.
SELECT asked.key
FROM unnest($1::text[]) AS asked (key)
WHERE EXISTS (SELECT FROM leads WHERE leads.key = asked.key)
    OR EXISTS (SELECT FROM events WHERE events.lead_key = asked.key)
