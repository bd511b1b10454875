import { lossFromAttacks, type AttackLossInput } from '../../service/attackLoss.ts';
import { refuse, valueOf, type Area } from '../area.ts';
import { askerOf } from '../auth.ts';
import { STAFF } from '../roles.ts';

/** How likely attacks break properties, and what it costs: `probity loss` as types. */
export const attackLossArea: Area = {
  operations: {
    lossFromAttacks: {
      on: 'Query',
      roles: STAFF,
      run: async ({ service }, args, principal) => {
        const input = args['input'] as AttackLossInput;
        if (typeof input.sets === 'string' && typeof input.runId === 'string')
          throw refuse('OPTION_INVALID', 'input', 'give `sets` or `runId`, not both');
        if (typeof input.seed === 'number' && input.seed < 0)
          throw refuse('OPTION_INVALID', 'input.seed', 'a seed is a whole number from 0');
        const { report, pictures } = valueOf(
          await lossFromAttacks(service, askerOf(principal), input),
        );
        return { ...report, pictures: pictures.map(({ name, text }) => ({ name, svg: text })) };
      },
    },
  },
  costs: { lossFromAttacks: 400 },
};
