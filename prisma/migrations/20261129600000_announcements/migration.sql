-- What happened in an organisation, in one order (docs/adr/025-announcements.md). A row is written in the transaction
-- of the thing itself. Its position is that of the organisation's head, whose row lock is held until the commit: what
-- has a smaller position was committed before, so that whoever read up to a position has missed nothing.
CREATE TABLE "announcement_heads" (
    "organisation_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,

    CONSTRAINT "announcement_heads_pkey" PRIMARY KEY ("organisation_id")
);

CREATE TABLE "announcements" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "kind" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "data" JSON NOT NULL,

    CONSTRAINT "announcements_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "announcements_organisation_id_position_key" ON "announcements" ("organisation_id", "position");
CREATE INDEX "announcements_at_idx" ON "announcements" ("at");

ALTER TABLE "announcement_heads" ADD CONSTRAINT "announcement_heads_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "announcements" ADD CONSTRAINT "announcements_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A hint, by organisation; the row is the truth.
CREATE FUNCTION "probity_announced"() RETURNS TRIGGER AS $$
BEGIN
    PERFORM pg_notify('probity_announcement', NEW."organisation_id");
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER "announced"
    AFTER INSERT ON "announcements"
    FOR EACH ROW EXECUTE FUNCTION "probity_announced"();

DO $$
DECLARE
    name TEXT;
    has_role BOOLEAN := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant');
BEGIN
    FOREACH name IN ARRAY ARRAY['announcement_heads', 'announcements'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY "tenant" ON %I USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
        EXECUTE format('CREATE POLICY "installation" ON %I USING (current_setting(''probity.tenant'', true) = ''*'')', name);
        IF has_role THEN
            EXECUTE format('CREATE POLICY "tenant_only" ON %I AS RESTRICTIVE TO "probity_tenant" '
                'USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
        END IF;
    END LOOP;
    IF has_role THEN
        GRANT SELECT, INSERT, UPDATE ON "announcement_heads" TO "probity_tenant";
        -- What happened is only ever added to; what is old goes by the installation's own hand.
        GRANT SELECT, INSERT ON "announcements" TO "probity_tenant";
    END IF;
END $$;
