-- The journal of every decision about a person: who took it, and that no line of it is changed afterwards.

-- Empty: the program itself.
ALTER TABLE journal ADD COLUMN who TEXT NOT NULL DEFAULT '';

-- An erasure may blank the words of a line; a campaign that has become its archive takes its lines along.
CREATE TRIGGER journal_is_not_rewritten BEFORE UPDATE ON journal
WHEN EXISTS (SELECT 1 FROM meta WHERE key = 'kind' AND value = 'live')
    AND NOT (NEW.why = '' AND NEW.id = OLD.id AND NEW.attempt_id = OLD.attempt_id AND NEW.at = OLD.at
        AND NEW.from_state = OLD.from_state AND NEW.to_state = OLD.to_state AND NEW.who IN (OLD.who, ''))
BEGIN
    SELECT RAISE(ABORT, 'the journal is only added to');
END;
CREATE TRIGGER journal_is_not_shortened BEFORE DELETE ON journal
WHEN EXISTS (SELECT 1 FROM meta WHERE key = 'kind' AND value = 'live')
    AND NOT EXISTS (SELECT 1 FROM attempt a JOIN campaign c ON c.name = a.campaign
        WHERE a.id = OLD.attempt_id AND c.archived_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM lead l JOIN campaign c ON c.name = l.campaign
        WHERE l.id = substr(OLD.attempt_id, 6) AND c.archived_at IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM campaign WHERE 'campaign:' || name = OLD.attempt_id AND archived_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'the journal is only added to');
END;
