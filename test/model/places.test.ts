import { describe, expect, it } from 'vitest';
import { problemsOf } from './tiny.ts';

describe('a problem', () => {
  it('in a payload names the field that it is in', () => {
    const [problem] = problemsOf(`
channels: { c: { from: me, to: me, carries: { a: bool, b: int 0..3 } } }
actions: { send: { actor: me, send: { c: { a: true, b: 1 + true } } } }`);
    expect(problem?.path).toMatch(/^actions\.send\.send\..*b$/u);
  });
});
