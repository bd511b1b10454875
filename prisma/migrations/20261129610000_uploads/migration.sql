-- Bytes that were sent to be named later by their digest (event logs): in parts, so that none is ever whole in memory
-- while it comes, and erased by age. What is not complete nobody can name.
CREATE TABLE "uploads" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "size" BIGINT NOT NULL,
    "complete" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "uploads_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "uploads_organisation_id_id_key" ON "uploads" ("organisation_id", "id");
CREATE INDEX "uploads_organisation_id_owner_digest_idx" ON "uploads" ("organisation_id", "owner", "digest");
CREATE INDEX "uploads_used_at_idx" ON "uploads" ("used_at");

CREATE TABLE "upload_parts" (
    "organisation_id" TEXT NOT NULL,
    "upload_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "bytes" BYTEA NOT NULL,

    CONSTRAINT "upload_parts_pkey" PRIMARY KEY ("upload_id", "position")
);

ALTER TABLE "uploads" ADD CONSTRAINT "uploads_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "upload_parts" ADD CONSTRAINT "upload_parts_organisation_id_upload_id_fkey"
    FOREIGN KEY ("organisation_id", "upload_id") REFERENCES "uploads" ("organisation_id", "id")
    ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "uploads" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "uploads" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "uploads" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "uploads" USING (current_setting('probity.tenant', true) = '*');
ALTER TABLE "upload_parts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "upload_parts" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "upload_parts" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "upload_parts" USING (current_setting('probity.tenant', true) = '*');
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant') THEN
        CREATE POLICY "tenant_only" ON "uploads" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        CREATE POLICY "tenant_only" ON "upload_parts" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "uploads", "upload_parts" TO "probity_tenant";
    END IF;
END $$;
