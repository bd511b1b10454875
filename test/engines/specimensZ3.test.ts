import { describeSpecimens } from '../checking/specimens.ts';

describeSpecimens('z3');
