export { FAULTS, PROBLEMS, type FaultCode, type ProblemCode } from './codes.ts';
export { Fault, invariant, unreachable } from './fault.ts';
export {
  bad,
  ok,
  problem,
  type Locate,
  type Problem,
  type Refusal,
  type Result,
} from './problem.ts';
