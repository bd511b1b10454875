import type { Model } from '../../model/model.ts';
import { isUntrusted, type Operator } from '../threat.ts';

/** The action without that control: everything else as it is (`variants.ts`). */
export const bypass: Operator = {
  name: 'bypass',
  find: (model) => controlsWhere(model, false),
};

/** Each control that keeps the order of steps, or each that does not. */
export function controlsWhere(model: Model, sequence: boolean): ReturnType<Operator['find']> {
  return model.actions.flatMap((action) =>
    action.controls
      .filter((control) => (control.sequence ?? false) === sequence)
      .map((control) => ({
        of: [action.name, control.name],
        proper: isUntrusted(model, action.actor),
      })),
  );
}
