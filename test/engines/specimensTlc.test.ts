import { describe } from 'vitest';
import { describeSpecimens } from '../checking/specimens.ts';
import { tlcAbsence } from '../conformance/checking.ts';

const absence = await tlcAbsence();

describe.skipIf(absence !== undefined)(absence ?? 'here', () => describeSpecimens('tlc'));
