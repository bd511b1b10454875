import { Unencodable } from '../../encode/definedness.ts';
import { encodeSystem, type SmtSystem } from '../../encode/smt/system.ts';
import type { Semantics } from '../../model/semantics.ts';

const systems = new WeakMap<Semantics, SmtSystem | Unencodable>();

/** A model's system, encoded once for all that is asked of it. Throws `Unencodable`. */
export function systemOf(semantics: Semantics): SmtSystem {
  let system = systems.get(semantics);
  if (!system) {
    try {
      system = encodeSystem(semantics);
    } catch (error) {
      if (!(error instanceof Unencodable)) throw error;
      system = error;
    }
    systems.set(semantics, system);
  }
  if (system instanceof Unencodable) throw system;
  return system;
}
