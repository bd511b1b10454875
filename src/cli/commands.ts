import type { CommandRow } from './command.ts';
import { COMPLETION } from './commands/completion.ts';
import { INSTALLATION_COMMANDS } from './commands/installation.ts';
import { LESSON_COMMANDS } from './commands/lessons.ts';
import { MODEL_COMMANDS } from './commands/models.ts';
import { RESPONSE_COMMANDS } from './commands/responses.ts';
import { RISK_COMMANDS } from './commands/risks.ts';
import { VERDICT_COMMANDS } from './commands/verdicts.ts';

/** Every command, in the order in which help lists them. */
export const COMMANDS: readonly CommandRow[] = [
  ...MODEL_COMMANDS,
  ...RISK_COMMANDS,
  ...RESPONSE_COMMANDS,
  ...VERDICT_COMMANDS,
  ...LESSON_COMMANDS,
  ...INSTALLATION_COMMANDS,
  COMPLETION,
];
