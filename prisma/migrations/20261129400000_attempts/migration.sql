-- What became of attempts at exercises. Of the attempts themselves nothing is kept but a digest.
CREATE TABLE "attempts" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "learner" TEXT NOT NULL,
    "class_name" TEXT NOT NULL,
    "exercise" TEXT NOT NULL,
    "verdict" TEXT NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "hint" INTEGER NOT NULL,
    "answer_digest" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "attempts_organisation_id_learner_idx" ON "attempts" ("organisation_id", "learner");
CREATE INDEX "attempts_organisation_id_created_at_idx" ON "attempts" ("organisation_id", "created_at");

ALTER TABLE "attempts" ADD CONSTRAINT "attempts_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "attempts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "attempts" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "attempts" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "attempts" USING (current_setting('probity.tenant', true) = '*');
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant') THEN
        CREATE POLICY "tenant_only" ON "attempts" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "attempts" TO "probity_tenant";
    END IF;
END $$;
