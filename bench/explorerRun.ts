/**
 * One graph, explored in a process of its own, so that its memory is its own: the model by kind and
 * size, and the path (`compiled`, `interpreted`, or `quotient`). Prints one line of JSON.
 */
import { Exploration } from '../src/engines/explore/exploration.ts';
import { reductionOf } from '../src/engines/explore/reduced.ts';
import { inspect } from '../src/checking/inspect.ts';
import { ENDLESS } from '../src/time/time.ts';
import { ordersModel, parallelModel } from './models.ts';
import { timed } from './rows.ts';

const MODELS: Readonly<Record<string, (size: number) => string>> = {
  parallel: parallelModel,
  orders: ordersModel,
};

const [, , kind = '', size = '', path = ''] = process.argv;
const source = MODELS[kind]?.(Number(size)) ?? '';
const read = await inspect({ source, format: 'native', name: 'bench' });
if (!read.ok) throw new Error(JSON.stringify(read.problems));
const { semantics, digest } = read.value;
const properties = semantics.model.properties.filter((p) =>
  ['always', 'implicit', 'deadlockFree'].includes(p.formula.kind),
);
const options = { path: path === 'interpreted' ? 'interpreted' : 'compiled' } as const;
const budget = { maxStates: 100_000_000, memoryMb: 16_384, cacheDir: '' };
const task = { semantics, digest, properties };
const smaller = path === 'quotient' ? reductionOf(task) : undefined;
const exploration = new Exploration(task, options, smaller);
const cpu = process.cpuUsage();
const { value, seconds } = await timed(() => exploration.run(budget, ENDLESS, () => undefined));
for (const [name, { outcome, evidence }] of value.outcomes)
  if (outcome !== 'holds' || evidence['path'] !== options.path)
    throw new Error(`${name} is ${outcome}: ${JSON.stringify(evidence)}`);
const used = process.cpuUsage(cpu);
process.stdout.write(
  `${JSON.stringify({
    states: value.states ?? 0,
    seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    megabytes: Math.round(process.resourceUsage().maxRSS / 1024),
  })}\n`,
);
