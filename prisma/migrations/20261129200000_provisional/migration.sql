-- A first answer is shown before the other engines were asked; a run may end without a signature.
ALTER TABLE "runs" ADD COLUMN "provisional" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "runs" DROP CONSTRAINT "runs_state_check";
ALTER TABLE "runs" ADD CONSTRAINT "runs_state_check"
    CHECK ("state" IN ('queued', 'running', 'checked', 'sealed', 'unsigned', 'failed', 'cancelled'));
