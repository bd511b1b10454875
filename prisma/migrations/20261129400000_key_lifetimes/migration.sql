-- What a key begins with, so that a found one can be named; what it is for, when it ends, when it was last used.
ALTER TABLE "api_keys"
    ADD COLUMN "prefix" TEXT NOT NULL DEFAULT '',
    ADD COLUMN "scopes" TEXT NOT NULL DEFAULT '',
    ADD COLUMN "expires_at" TIMESTAMPTZ(3),
    ADD COLUMN "last_used_at" TIMESTAMPTZ(3);
