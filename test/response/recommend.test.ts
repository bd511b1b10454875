import { beforeAll, describe, expect, it } from 'vitest';
import { atWorkBefore, recommended } from '../../src/response/recommend.ts';
import type { PlaybookReport } from '../../src/response/verifyPlaybook.ts';
import { extensionOf, opened, reportOn, stepOf } from './playbooks.ts';

const names = (found: ReturnType<typeof recommended>): readonly string[] =>
  found.map(({ name, under, coversAll }) => `${name}: ${under.join()}${coversAll ? '' : ' …'}`);

describe('a playbook is recommended for what it is verified for', () => {
  let report: PlaybookReport;
  beforeAll(async () => {
    report = await reportOn(opened('rotate-webhook-key'));
  });

  it('a deviation by its threats, and not by more or fewer of them', () => {
    const deviation = (...explainedBy: string[][]): readonly string[] =>
      names(recommended([report], { kind: 'deviation', explainedBy }, []));
    expect(deviation(['forge.callback'])).toEqual(['Rotate the webhook key: forge.callback']);
    expect(deviation(['forge.callback'], ['drop.callback', 'replay.callback'])).toEqual([
      'Rotate the webhook key: forge.callback …',
    ]);
    expect(deviation(['forge.callback', 'tamper.callback.order'])).toEqual([]);
    expect(deviation(['replay.callback'])).toEqual([]);
    expect(names(recommended([report], { kind: 'deviation' }, []))).toEqual([]);
  });

  it('another alert by its property, also where fewer threats are at work', () => {
    const broken = (property: string, ...atWork: string[][]): readonly string[] =>
      names(recommended([report], { kind: 'broken', property }, atWork));
    expect(broken('shippedIsTaken', ['forge.callback'])).toHaveLength(1);
    expect(broken('shippedIsTaken')).toHaveLength(1);
    expect(broken('shippedIsTaken', ['replay.callback'])).toEqual([]);
    expect(broken('canShip', ['forge.callback'])).toEqual([]);
  });

  it('only where it is verified', async () => {
    const other = opened('hold-shipment');
    delete stepOf(other, 'Check the page before').said['blocks'];
    const refuted = await reportOn(other);
    const explainedBy = extensionOf(other).on.flatMap((each) => [
      (each as { threats: string[] }).threats,
    ]);
    expect(recommended([refuted], { kind: 'deviation', explainedBy }, [])).toEqual([]);
  });

  it('what is at work are the smallest explanations of the last deviation before', () => {
    const alerts = [
      { kind: 'deviation', explainedBy: [['a', 'b'], ['c']] },
      { kind: 'broken', property: 'p' },
      { kind: 'deviation' },
    ];
    expect(atWorkBefore(alerts, 1)).toEqual([['c']]);
    expect(atWorkBefore(alerts, 3)).toEqual([['c']]);
    expect(atWorkBefore(alerts, 0)).toEqual([]);
  });
});
