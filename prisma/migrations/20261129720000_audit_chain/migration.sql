-- The audit as a chain (docs/adr/026-audit-chain.md): each row covers the one before and two salted digests, of who
-- asked and of what was asked, so that the salt and who it was can be erased beside it. Rows of before have no link.
CREATE TABLE "audit_heads" (
    "organisation_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "link" TEXT NOT NULL,

    CONSTRAINT "audit_heads_pkey" PRIMARY KEY ("organisation_id")
);
ALTER TABLE "audit_heads" ADD CONSTRAINT "audit_heads_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "audit_events"
    ADD COLUMN "address" TEXT,
    ADD COLUMN "position" BIGINT,
    ADD COLUMN "previous" TEXT,
    ADD COLUMN "link" TEXT,
    ADD COLUMN "who_salt" TEXT,
    ADD COLUMN "who_digest" TEXT,
    ADD COLUMN "what_salt" TEXT,
    ADD COLUMN "what_digest" TEXT;
CREATE UNIQUE INDEX "audit_events_organisation_id_position_key" ON "audit_events" ("organisation_id", "position");

ALTER TABLE "audit_heads" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "audit_heads" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "audit_heads" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "audit_heads" USING (current_setting('probity.tenant', true) = '*');
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant') THEN
        CREATE POLICY "tenant_only" ON "audit_heads" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE ON "audit_heads" TO "probity_tenant";
        -- Who it was may be erased, and nothing else be changed; what is changed otherwise the chain shows.
        GRANT UPDATE ("actor", "address", "who_salt") ON "audit_events" TO "probity_tenant";
    END IF;
END $$;
