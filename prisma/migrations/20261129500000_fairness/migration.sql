-- Whose turn it is: the organisation that was served longest ago goes first, and of its runs the oldest.
ALTER TABLE "organisations" ADD COLUMN "served_at" TIMESTAMPTZ(3);
CREATE INDEX "runs_state_organisation_id_id_idx" ON "runs" ("state", "organisation_id", "id");
