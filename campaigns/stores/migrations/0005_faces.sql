-- The operator's faces: who may come in, what is told to others, and what was asked twice.

-- Who may come in. The secret itself is nowhere.
CREATE TABLE token (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('read', 'operate', 'admin')),
    hash TEXT NOT NULL UNIQUE,
    who TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
