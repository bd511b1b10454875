import type { Operator } from '../threat.ts';
import { controlsWhere } from './bypass.ts';

/** The same as a bypass, of a control that keeps the order of steps. */
export const stepSkip: Operator = {
  name: 'stepSkip',
  find: (model) => controlsWhere(model, true),
};
