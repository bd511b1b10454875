import { expect, it } from 'vitest';
import { describeShared } from '../shared.ts';
import { reportOn } from './checking.ts';
import { differences, rows, statesOf } from './reference.ts';

/** The cheapest referee there is: explore answers all of them in some seconds. */
describeShared('the 700 models of cases/random', () => {
  it('explore says what the reference says: outcomes, states, lengths of traces', async () => {
    const wrong: string[] = [];
    for (const row of rows) {
      const report = await reportOn(row.model, ['explore'], { reduction: 'never' });
      const states = statesOf(report);
      const found = differences(row, report, true);
      if (states !== row.expected.states) found.push(`${states} states`);
      if (found.length > 0) wrong.push(`${row.name}: ${found.join('; ')}`);
    }
    expect(rows.length).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });
});
