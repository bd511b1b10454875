import { scenario, scenarios as library } from '../../scenarios/index.ts';
import type { Area } from '../area.ts';
import { EVERYBODY } from '../roles.ts';

export const scenarios: Area = {
  operations: {
    scenarios: { on: 'Query', roles: EVERYBODY, run: () => library() },
    scenario: { on: 'Query', roles: EVERYBODY, run: (_api, { id }) => scenario(String(id)) },
  },
  lists: { scenarios: 10 },
};
