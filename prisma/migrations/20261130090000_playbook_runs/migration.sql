-- Playbooks that are carried out: a run, its steps in the order in which they came up, and who did what. A step that acts
-- is sent at most once: it is `sending` before the first byte leaves (docs/adr/030-playbooks-are-carried-out.md).
CREATE TABLE "playbook_runs" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "monitor_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "alert_id" TEXT,
    "incident_id" TEXT NOT NULL,
    "playbook_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "content" JSON NOT NULL,
    "verified" BOOLEAN NOT NULL,
    "reason" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "running" TEXT,
    "started_by" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "playbook_runs_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "playbook_runs_organisation_id_id_key" ON "playbook_runs" ("organisation_id", "id");
CREATE INDEX "playbook_runs_organisation_id_incident_id_idx" ON "playbook_runs" ("organisation_id", "incident_id");
CREATE INDEX "playbook_runs_organisation_id_alert_id_idx" ON "playbook_runs" ("organisation_id", "alert_id");
-- While it runs: what is carried out about what. One and the same is not carried out twice at once.
CREATE UNIQUE INDEX "playbook_runs_organisation_id_running_key" ON "playbook_runs" ("organisation_id", "running");

CREATE TABLE "playbook_steps" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "place" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "timeout_ms" BIGINT,
    "by_hand" BOOLEAN NOT NULL DEFAULT false,
    "approved_by" TEXT,
    "approved_at" TIMESTAMPTZ(3),
    "sent_at" TIMESTAMPTZ(3),
    "lease_until" TIMESTAMPTZ(3),
    "due_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "playbook_steps_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "playbook_steps_organisation_id_id_key" ON "playbook_steps" ("organisation_id", "id");
CREATE UNIQUE INDEX "playbook_steps_run_id_number_key" ON "playbook_steps" ("run_id", "number");
CREATE INDEX "playbook_steps_state_idx" ON "playbook_steps" ("state");

CREATE TABLE "playbook_notes" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "step_id" TEXT,
    "actor" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "playbook_notes_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "playbook_notes_organisation_id_run_id_idx" ON "playbook_notes" ("organisation_id", "run_id");

ALTER TABLE "webhooks" ADD COLUMN "carries_out" BOOLEAN NOT NULL DEFAULT false;

ALTER TABLE "playbook_runs" ADD CONSTRAINT "playbook_runs_organisation_id_monitor_id_fkey"
    FOREIGN KEY ("organisation_id", "monitor_id") REFERENCES "monitors" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "playbook_runs" ADD CONSTRAINT "playbook_runs_organisation_id_incident_id_fkey"
    FOREIGN KEY ("organisation_id", "incident_id") REFERENCES "incidents" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "playbook_steps" ADD CONSTRAINT "playbook_steps_organisation_id_run_id_fkey"
    FOREIGN KEY ("organisation_id", "run_id") REFERENCES "playbook_runs" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "playbook_notes" ADD CONSTRAINT "playbook_notes_organisation_id_run_id_fkey"
    FOREIGN KEY ("organisation_id", "run_id") REFERENCES "playbook_runs" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

DO $$
DECLARE
    name TEXT;
    has_role BOOLEAN := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant');
BEGIN
    FOREACH name IN ARRAY ARRAY['playbook_runs', 'playbook_steps', 'playbook_notes'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY "tenant" ON %I USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
        EXECUTE format('CREATE POLICY "installation" ON %I USING (current_setting(''probity.tenant'', true) = ''*'')', name);
        IF has_role THEN
            EXECUTE format('CREATE POLICY "tenant_only" ON %I AS RESTRICTIVE TO "probity_tenant" '
                'USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO "probity_tenant"', name);
        END IF;
    END LOOP;
END $$;
