-- What processes count together: sums by metric and labels, of the whole installation. No row says whose it was.
CREATE TABLE "tallies" (
    "metric" TEXT NOT NULL,
    "labels" TEXT NOT NULL,
    "value" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "tallies_pkey" PRIMARY KEY ("metric", "labels")
);
