-- The journal of every decision about a person: who took it, and that no line of it is changed afterwards.

-- Empty: the program itself.
ALTER TABLE journal ADD COLUMN who TEXT COLLATE "C" NOT NULL DEFAULT '';

-- An erasure may blank the words of a line; a campaign that has become its archive takes its lines along.
CREATE FUNCTION journal_stays() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM meta WHERE key = 'kind' AND value = 'live') THEN
        RETURN CASE TG_OP WHEN 'UPDATE' THEN NEW WHEN 'DELETE' THEN OLD ELSE NULL END;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.why = '' AND NEW.id = OLD.id AND NEW.attempt_id = OLD.attempt_id AND NEW.at = OLD.at
        AND NEW.from_state = OLD.from_state AND NEW.to_state = OLD.to_state AND NEW.who IN (OLD.who, '') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND (
        EXISTS (SELECT 1 FROM attempt a JOIN campaign c ON c.name = a.campaign
            WHERE a.id = OLD.attempt_id AND c.archived_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM lead l JOIN campaign c ON c.name = l.campaign
            WHERE l.id = substr(OLD.attempt_id, 6) AND c.archived_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM campaign WHERE 'campaign:' || name = OLD.attempt_id AND archived_at IS NOT NULL)
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the journal is only added to';
END
$$;
CREATE TRIGGER journal_stays BEFORE UPDATE OR DELETE ON journal FOR EACH ROW EXECUTE FUNCTION journal_stays();
CREATE TRIGGER journal_is_not_emptied BEFORE TRUNCATE ON journal FOR EACH STATEMENT EXECUTE FUNCTION journal_stays();
