import { command } from '../command.ts';
import type { Shell } from '../completion.ts';
import { choice, required } from '../values.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const satisfies readonly Shell[];

export const COMPLETION = command({
  name: 'completion',
  about: 'a script that completes commands and options in a shell',
  positionals: { shell: required(choice('SHELL', SHELLS), 'for which shell') },
  examples: [
    { line: 'completion bash', about: 'eval "$(probity completion bash)" in ~/.bashrc' },
    { line: 'completion zsh', about: 'as a file _probity in a folder of $fpath' },
    { line: 'completion fish', about: 'as ~/.config/fish/completions/probity.fish' },
  ],
  exits: { 0: 'printed' },
  json: false,
  run: async ({ shell }, io) => (await import('../completion.ts')).completion(shell, io),
});
