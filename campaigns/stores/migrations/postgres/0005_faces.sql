-- The operator's faces: who may come in, what is told to others, and what was asked twice.

-- Who may come in. The secret itself is nowhere.
CREATE TABLE token (
    name TEXT COLLATE "C" PRIMARY KEY,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('read', 'operate', 'admin')),
    hash TEXT COLLATE "C" NOT NULL UNIQUE,
    who TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
