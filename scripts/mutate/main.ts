import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AREAS, FLOOR, type Area } from './areas.ts';
import { equivalents } from './equivalents.ts';
import { judgeArea, type Verdict } from './judge.ts';
import { Lane } from './lanes.ts';
import { Remembered } from './remembered.ts';
import { share, shown, table } from './report.ts';

const HELP = `npm run mutate -- [area…] [options]

Puts single faults into a copy of the source and counts those that a test notices.

  --count N    so many faults of each area (200)
  --all        every fault of each area
  --seed TEXT  which faults are drawn (1)
  --minutes N  draw no more after so many minutes for each area
  --lanes N    so many at once (one for each core)
  --gate       one area a day, faults drawn by the date, for a minute: fails only
               where at least ten were judged and refute a floor that was met before
  --afresh     forget what earlier runs have judged
  --verbose    a line for each fault

Areas: ${AREAS.map(({ name }) => name).join(', ')}
Ends with 1 where an area is below ${100 * FLOOR} %, with 2 where nothing could be judged.`;

/** The day, in UTC: the same faults on every machine. */
const TODAY = new Date().toISOString().slice(0, 10);
/** Fewer say nothing of an area, whatever became of them. */
const GATE_LEAST = 10;

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/u, '');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string', default: '200' },
    all: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: 'Infinity' },
    lanes: { type: 'string', default: String(availableParallelism()) },
    gate: { type: 'boolean', default: false },
    afresh: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function chosenAreas(): readonly Area[] {
  if (!values.gate) {
    return AREAS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  }
  const fast = AREAS.filter(({ isFast }) => isFast);
  return [fast[Math.floor(Date.parse(TODAY) / 86_400_000) % fast.length] as Area];
}

/** Below the floor; for the gate, only where chance is no excuse. */
function isBelow(verdict: Verdict): boolean {
  const { noticed, judged, interval } = share(verdict);
  if (!values.gate) return noticed < FLOOR * judged;
  // What was never at the floor is measured there, and stops nobody who did not bring it down.
  return verdict.area.isHeld === true && judged >= GATE_LEAST && interval[1] < FLOOR;
}

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !AREAS.some((area) => area.name === name));
  if (values.help || unknown.length > 0) {
    console.log(HELP);
    return unknown.length > 0 ? 2 : 0;
  }
  const areas = chosenAreas();
  const lanes = Array.from({ length: Number(values.lanes) }, () => new Lane(root));
  const close = (): void => lanes.forEach((lane) => lane.close());
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      close();
      process.exit(1);
    });
  }
  const verdicts: Verdict[] = [];
  try {
    const remembered = new Remembered(root, values.afresh);
    for (const area of areas) {
      const verdict = await judgeArea(area, {
        root,
        count: values.all ? Infinity : Number(values.count),
        seed: values.gate ? TODAY : values.seed,
        minutes: values.gate ? 1 : Number(values.minutes),
        equivalents: new Set(equivalents().keys()),
        remembered,
        lanes,
        began: (took) => {
          if (values.verbose) console.log(took);
        },
        told: (mutant, { fate, by }) => {
          if (values.verbose) console.log(`${fate}${by ? ` by ${by}` : ''}: ${shown(mutant)}`);
        },
      });
      verdicts.push(verdict);
      console.log(`\n${area.name}: survived`);
      for (const mutant of verdict.survivors) console.log(`  ${shown(mutant)}`);
    }
  } finally {
    close();
  }
  console.log(`\n${table(verdicts)}`);
  return verdicts.some(isBelow) ? 1 : 0;
}

process.exit(
  await main().catch((error: unknown) => {
    console.error(error);
    return 2;
  }),
);
