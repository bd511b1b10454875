import { CHECKOUT } from './checkout.ts';
import type { Pack } from './pack.ts';

/** The packs that a model can `use`. */
export const PACKS: readonly Pack[] = [CHECKOUT];
