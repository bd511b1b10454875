import type { Model } from '../../model/model.ts';
import type { Operator, Threat } from '../threat.ts';
import { alter } from './alter.ts';
import { bypass } from './bypass.ts';
import { delay } from './delay.ts';
import { drop } from './drop.ts';
import { forge } from './forge.ts';
import { reorder } from './reorder.ts';
import { replay } from './replay.ts';
import { sensorFault } from './sensorFault.ts';
import { skip } from './skip.ts';
import { stepSkip } from './stepSkip.ts';
import { tamper } from './tamper.ts';
import { unavailable } from './unavailable.ts';

/** The threat operators, in the order of SEMANTICS 18. Adding one is a file and a line here. */
export const OPERATORS: readonly Operator[] = [
  forge,
  tamper,
  replay,
  drop,
  delay,
  reorder,
  unavailable,
  sensorFault,
  alter,
  bypass,
  stepSkip,
  skip,
];

/** Every id that exists in a model, sorted by id. */
export function threatsOf(model: Model): readonly Threat[] {
  return OPERATORS.flatMap((operator) =>
    operator.find(model).map(({ of, proper = true }) => ({
      id: [operator.name, ...of].join('.'),
      operator: operator.name,
      of,
      proper,
    })),
  ).sort((a, b) => (a.id < b.id ? -1 : 1));
}
