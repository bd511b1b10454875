import { problem, type Problem } from '../errors/index.ts';
import { sampledNames } from '../model/initial.ts';
import type { Model } from '../model/model.ts';
import { Semantics } from '../model/semantics.ts';
import { AttackedSystem } from '../threats/attacked.ts';
import type { Threat } from '../threats/threat.ts';
import { TooManyValues } from '../threats/world.ts';

/** Why a model cannot be followed: what starts at any value would be looked for at samples only. */
export function followProblems(model: Model): readonly Problem[] {
  return sampledNames(new Semantics(model)).map((name) =>
    problem(
      'MONITOR_MODEL',
      name,
      `${name} may start at more values than can be followed each: give it a range, or a value to start with`,
    ),
  );
}

/** The threats of which every value that they may write can be tried, and those that are left. */
export function triable(
  model: Model,
  threats: readonly Threat[],
): { readonly tried: readonly Threat[]; readonly left: readonly Threat[] } {
  const tried = threats.filter((threat) => {
    try {
      const system = new AttackedSystem(model, [threat]);
      for (const row of system.starts()) {
        system.steps(row, () => undefined);
        break;
      }
      return true;
    } catch (error) {
      if (error instanceof TooManyValues) return false;
      throw error;
    }
  });
  return { tried, left: threats.filter((threat) => !tried.includes(threat)) };
}
