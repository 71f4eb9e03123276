-- Whether an author is in use, or a saga is about to bring it into use.
ALTER TABLE authors ADD COLUMN state TEXT NOT NULL DEFAULT 'ACTIVE';
