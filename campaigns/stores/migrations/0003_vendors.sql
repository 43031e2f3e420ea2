-- What is remembered of systems elsewhere: how far their contacts were read, and which outcomes went back to them.

-- How far a reading of a list elsewhere came that broke off; `wanted`: what it was asked for.
CREATE TABLE bookmark (
    campaign TEXT NOT NULL,
    source INTEGER NOT NULL,
    wanted TEXT NOT NULL,
    after TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (campaign, source)
);

-- Whether the person is on everybody's do-not-call list, also when they said so after the lead was closed.
ALTER TABLE lead ADD COLUMN opted_out INTEGER NOT NULL DEFAULT 0 CHECK (opted_out IN (0, 1));
UPDATE lead SET opted_out = 1 WHERE EXISTS (
    SELECT 1 FROM lead_phone p JOIN suppression s ON s.phone_key = p.phone_key WHERE p.lead_id = lead.id AND s.scope = 'all'
);

-- What has landed of an outcome. Whoever is closed and differs from it is still to go back: it shows by itself, whichever
-- of the many places has closed the lead, or closes it anew.
ALTER TABLE lead ADD COLUMN written TEXT NOT NULL DEFAULT '';
CREATE INDEX lead_unwritten
    ON lead (campaign, json_extract(contact, '$.origin[0]'), (outcome <> 'do_not_call' AND opted_out = 0), closed_at)
    WHERE written <> outcome || ':' || label || ':' || closed_at || ':' || opted_out;

-- What was tried to bring an outcome back; of another stamp than the lead's it counts no more.
CREATE TABLE write_back (
    lead_id TEXT PRIMARY KEY REFERENCES lead (id),
    stamp TEXT NOT NULL,
    tries INTEGER NOT NULL,
    first_tried_at BIGINT,
    due_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    given_up INTEGER NOT NULL CHECK (given_up IN (0, 1))
);
