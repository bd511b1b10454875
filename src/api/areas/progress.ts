import { eraseLearner, progressCsv, progressOf, type ProgressRow } from '../../service/progress.ts';
import type { AttemptRecord } from '../../store/index.ts';
import { given, refuse, type Area } from '../area.ts';
import { TRAINERS } from '../roles.ts';

export const progressArea: Area = {
  operations: {
    learnerProgress: {
      on: 'Query',
      roles: TRAINERS,
      run: async ({ service }, args, { launch }) => {
        const learner = given<string>(args, 'learner');
        const className = given<string>(args, 'class') ?? launch?.className;
        if (launch && className !== launch.className)
          throw refuse('FORBIDDEN', 'class', `this token is for ${launch.className} alone`);
        const exercise = given<string>(args, 'exercise');
        const rows = await progressOf(service, {
          ...(learner !== undefined && { learner }),
          ...(className !== undefined && { className }),
          ...(exercise !== undefined && { exercise }),
        });
        return { rows };
      },
    },
    eraseLearner: {
      on: 'Mutation',
      roles: TRAINERS,
      run: ({ service }, { learner }) => eraseLearner(service, String(learner)),
    },
  },
  fields: {
    LearnerProgress: {
      rows: (_api, { rows }: { readonly rows: readonly ProgressRow[] }, _args, { answer }) =>
        answer.json(rows),
      csv: (_api, { rows }: { readonly rows: readonly ProgressRow[] }, _args, { answer }) =>
        answer.text(progressCsv(rows)),
    },
    ProgressRow: { class: (_api, { className }: ProgressRow) => className },
    KeptAttempt: { at: (_api, { createdAt }: AttemptRecord) => createdAt },
  },
  costs: { learnerProgress: 100, eraseLearner: 100 },
};
