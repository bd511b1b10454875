import { scenario } from '../../scenarios/index.ts';
import { trustPolicy } from '../../service/policy.ts';
import { organisationOf } from '../../service/read.ts';
import { visibleModelHead, visibleRun } from '../../service/submit.ts';
import { visibleVerdict } from '../../service/verdict.ts';
import type { Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import { EVERYBODY, STAFF } from '../roles.ts';

/** What has an id that begins so; any other id is that of a scenario. */
const NODES = { mdl: visibleModelHead, run: visibleRun, ver: visibleVerdict } as const;

/** Whose key this is, whom to trust, and whatever has an id. */
export const installation: Area = {
  operations: {
    viewer: {
      on: 'Query',
      roles: EVERYBODY,
      run: ({ operationsOf }, _args, principal) => ({
        ...principal,
        operations: operationsOf(principal),
      }),
    },
    node: {
      on: 'Query',
      roles: STAFF,
      run: ({ service }, args, principal) => {
        const id = String(args['id']);
        const kind = id.split('_')[0] ?? '';
        return Object.hasOwn(NODES, kind)
          ? NODES[kind as keyof typeof NODES](service, askerOf(principal), id)
          : scenario(id);
      },
    },
    trustPolicy: { on: 'Query', roles: STAFF, run: ({ service }) => trustPolicy(service) },
  },
  fields: { Viewer: { organisation: ({ service }) => organisationOf(service) } },
  costs: { __schema: 100, __type: 20 },
};
