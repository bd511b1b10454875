-- The clock of the service, where nothing is sent: a tick is a row of the stream, so that what came of it is a function of
-- what is stored (docs/adr/036-the-clock-is-stored.md). `tick_at`: when a monitor needs the next one.
ALTER TABLE "stored_events" ADD COLUMN "tick" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "monitors" ADD COLUMN "tick_at" TIMESTAMPTZ(3);
