-- From one laptop to a fleet: many workers on one database, and millions of leads.

-- What is due is promoted in the order of this index, those without a plan first; no sort, no second index.
DROP INDEX lead_waiting;
CREATE INDEX lead_waiting ON lead (campaign, COALESCE(due_at, 0), seq) WHERE state = 'waiting';

-- When the account's provider is asked next: one worker takes each round, whichever comes first.
ALTER TABLE account ADD COLUMN asked_until BIGINT;

-- The oldest program that still works with this schema: during an upgrade old and new run side by side.
INSERT INTO meta (key, value) VALUES ('runs_from', '4');

-- In words that PostgreSQL has too: the same text finds the same index in both.
DROP INDEX lead_unwritten;
CREATE INDEX lead_unwritten
    ON lead (campaign, json_extract(contact, '$.origin[0]'), (outcome <> 'do_not_call' AND opted_out = 0), closed_at)
    WHERE written <> outcome || ':' || label || ':' || CAST(closed_at AS TEXT) || ':' || CAST(opted_out AS TEXT);

-- Upkeep: what of a lead is gone already, when people rang us, and which campaigns are only their archive any more.
ALTER TABLE lead ADD COLUMN erased TEXT NOT NULL DEFAULT '' CHECK (erased IN ('', 'words', 'numbers'));
ALTER TABLE inbound ADD COLUMN noted_at BIGINT NOT NULL DEFAULT 0;
UPDATE inbound SET noted_at = COALESCE((SELECT MAX(at) FROM journal), 0);
ALTER TABLE campaign ADD COLUMN archived_at BIGINT;

-- What every claim asks of a person who may have said no in a call of their own: of those there are few.
CREATE INDEX lead_refused ON lead (person_key) WHERE outcome = 'refused';

-- What `status` and the display of a run count is counted along indexes alone. Why leads wait stands in the index of
-- their plans, which is written when the plan is.
DROP INDEX lead_revision;
CREATE INDEX lead_revision ON lead (campaign, revision, rule, reason, COALESCE(due_at, 0))
    WHERE state = 'waiting' AND due_at IS NOT NULL;
CREATE INDEX lead_closed ON lead (campaign, outcome, seq) WHERE outcome IS NOT NULL;
CREATE INDEX lead_warned ON lead (campaign) WHERE warning <> '';
CREATE INDEX attempt_ended ON attempt (campaign, disposition) WHERE disposition IS NOT NULL;
CREATE INDEX attempt_void ON attempt (campaign, state) WHERE state IN ('refused', 'not_sent', 'not_created');

-- Who waits for a jurisdiction that a person has closed.
CREATE INDEX lead_suspended ON lead (campaign) WHERE state = 'waiting' AND rule = 'rules suspend' AND due_at IS NOT NULL;

-- A stop holds at once; up to this place of the list, whoever waited is closed afterwards, a batch at a time.
ALTER TABLE campaign ADD COLUMN closing_to INTEGER;
