import { styleText } from 'node:util';
import type { Io } from './io.ts';
import { OWN_ESCAPE } from './terminal.ts';

type Tone = 'green' | 'red' | 'yellow' | 'dim' | 'bold';

/** Colour on a terminal, plain text everywhere else (and with NO_COLOR). */
export function painter(io: Io): (tone: Tone, text: string) => string {
  const colours = io.isTTY === true && process.env['NO_COLOR'] === undefined;
  return (tone, text) => (colours ? styleText(tone, text).replaceAll('\u001b', OWN_ESCAPE) : text);
}
