import { randomBytes } from 'node:crypto';
import { EXIT, type Io } from './io.ts';

/**
 * Stands for ESC in text of our own, until it is written: what others named cannot know it, and so
 * cannot reach the terminal as a control sequence.
 */
export const OWN_ESCAPE = `\u{f8ff}${randomBytes(8).toString('hex')}\u{f8ff}`;

/** Erases the line and goes to its start: for progress on a terminal. */
export const CLEAR_LINE = `${OWN_ESCAPE}[2K${OWN_ESCAPE}[G`;

/**
 * C0 but for tab and newline, DEL, C1, and what changes the direction of text (Unicode TR 36,
 * "Bidirectional text spoofing"), with the separators that break lines.
 */
const HOSTILE =
  // eslint-disable-next-line no-control-regex -- exactly these are meant
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * Text as it may be written to a terminal: control characters that came with names, files and
 * messages of others are shown as `\u001b`. In JSON, where they stand in strings alone, that is the
 * same value.
 */
export function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(HOSTILE, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll(OWN_ESCAPE, '\u001b');
}

/**
 * The streams of this process. A reader that went away (`| head`) changes nothing about the
 * command, nor about its code; an answer that could not be written (a full disk) is a fault.
 */
export function processIo(): Io {
  const { stdout, stderr, isTTY } = openStreams();
  return {
    stdout: (text) => stdout(printable(text)),
    stderr: (text) => stderr(printable(text)),
    ...(isTTY === undefined ? {} : { isTTY }),
  };
}

let streams: Io | undefined;

/** The streams as they are: for text that has been made printable. */
export function openStreams(): Io {
  return (streams ??= listenedTo());
}

function listenedTo(): Io {
  let isLost = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || isLost) return;
    isLost = true;
    process.stderr.write(`what was to be printed could not be written: ${error.message}\n`);
  });
  // Whoever listened to the log may go: a service goes on without.
  process.stderr.on('error', () => undefined);
  process.on('exit', () => {
    if (isLost) process.exitCode = EXIT.fault;
  });
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    isTTY: process.stdout.isTTY,
  };
}
