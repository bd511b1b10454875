import { describe, expect, it } from 'vitest';
import { readScript } from '../../../src/frontends/smt/script.ts';

const problems = (source: string): string[] => {
  const read = readScript(source);
  return read.ok ? [] : read.problems.map(({ code, line, column }) => `${code} ${line}:${column}`);
};
const commands = (source: string): string[] => {
  const read = readScript(source);
  return read.ok ? read.value.map(({ text }) => text) : [JSON.stringify(read.problems)];
};

describe('an SMT-LIB script', () => {
  it('is read as its commands, comments, strings and quoted symbols in place', () => {
    expect(
      commands(
        '; (not a command\n(declare-const |a ) b| Int) (echo "say ""(""")\n(assert (= |a ) b| 1))(check-sat)',
      ),
    ).toEqual([
      '(declare-const |a ) b| Int)',
      '(echo "say ""(""")',
      '(assert (= |a ) b| 1))',
      '(check-sat)',
    ]);
    const read = readScript('(check-sat)\n  (check-sat)');
    expect(read.ok && read.value.map(({ line, column }) => [line, column])).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it('loses what changes no answer: information, options that only other solvers know', () => {
    expect(
      commands(
        '(set-info :status sat)(set-option :fmf-bound true)(set-option :produce-models true)(get-info :all-statistics)(check-sat)(get-info :reason-unknown)',
      ),
    ).toEqual(['(set-option :produce-models true)', '(check-sat)', '(get-info :reason-unknown)']);
  });

  it('ends where it says so', () => {
    expect(commands('(check-sat)(exit)(check-sat)')).toEqual(['(check-sat)']);
  });

  it('may write a rational number as one token', () => {
    expect(commands('(assert (= x 1/4))(assert (= y -3/4))(assert (= |1/4| z))')).toEqual([
      '(assert (= x (/ 1 4)))',
      '(assert (= y (- (/ 3 4))))',
      '(assert (= |1/4| z))',
    ]);
  });

  it.each([
    [
      'a file for the answers',
      '(set-option :regular-output-channel "/etc/passwd")',
      'SMT_REFUSED 1:1',
    ],
    [
      'a file for the diagnostics',
      '(check-sat)\n(set-option :diagnostic-output-channel "x")',
      'SMT_REFUSED 2:1',
    ],
    ['a trace', '(set-option :trace true)', 'SMT_REFUSED 1:1'],
    ['a log', '(set-option :smtlib2_log_file "x")', 'SMT_REFUSED 1:1'],
    ['another file', '(include "x.smt2")', 'SMT_REFUSED 1:1'],
    ['a command of one solver', ' (eval x)', 'SMT_REFUSED 1:2'],
    ['a parenthesis too many', '(check-sat))', 'SMT_SYNTAX 1:12'],
    ['a parenthesis too few', '(assert (= 1 1)\n(check-sat)', 'SMT_SYNTAX 1:1'],
    ['a string without an end', '(echo "x)', 'SMT_SYNTAX 1:7'],
    ['a symbol without an end', '(assert |x)', 'SMT_SYNTAX 1:9'],
    ['text between commands', '(check-sat) sat', 'SMT_SYNTAX 1:13'],
    ['nothing at all', '; nothing', 'SMT_SYNTAX 1:1'],
    ['nesting without end', '('.repeat(3_000), 'INPUT_TOO_COMPLEX 1:2001'],
  ])('is refused with %s', (_, source, expected) => {
    expect(problems(source)).toContain(expected);
  });
});
