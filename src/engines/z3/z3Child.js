// @ts-check
import { createInterface } from 'node:readline';
import { init } from 'z3-solver';

/*
 * Z3 as wasm in a process of its own: one JSON string (SMT-LIB text) a line in, one JSON string (what Z3 printed) a line out. `null` in:
 * everything is forgotten, in a new context and with every option as it was at first.
 * A process, because a promise of Z3 never settles after it ran out of memory, and because only a process can be killed.
 * JavaScript, because it is started often: a loader for TypeScript would double its start.
 */

/**
 * @typedef {object} Emscripten
 * @property {Uint8Array} HEAPU8
 * @property {(bytes: number) => number} _malloc
 * @property {(pointer: number) => void} _free
 * @property {(context: unknown, text: number) => void} _async_Z3_eval_smtlib2_string
 * @property {(f: Emscripten['_async_Z3_eval_smtlib2_string'], context: unknown, text: number) =>
 * Promise<string>} async_call
 */

const { Z3, em: module } = await init();
const em = /** @type {Emscripten} */ (/** @type {unknown} */ (module));
let context = Z3.mk_context(Z3.mk_config());
const encoder = new TextEncoder();

/**
 * Our own call into the wasm module. The package's `eval_smtlib2_string` puts the text on the stack
 * of the calling thread, returns, and lets another thread read it: by then it can be overwritten,
 * and Z3 reads something else (docs/adr/004).
 * @param {string} text
 */
async function evaluate(text) {
  const bytes = encoder.encode(text);
  const pointer = em._malloc(bytes.length + 1);
  em.HEAPU8.set(bytes, pointer);
  em.HEAPU8[pointer + bytes.length] = 0;
  try {
    return await em.async_call(em._async_Z3_eval_smtlib2_string, context, pointer);
  } finally {
    em._free(pointer);
  }
}

/**
 * Options that are set in SMT-LIB (`:timeout`, `:fp.spacer.global`) belong to the process, not to
 * the context.
 */
function renew() {
  Z3.del_context(context);
  Z3.global_param_reset_all();
  context = Z3.mk_context(Z3.mk_config());
  return '';
}

process.stdout.write(`${JSON.stringify(`z3 ${Z3.get_full_version()}`)}\n`);
const lines = createInterface({ input: process.stdin });
// Whoever asks holds the other end: when it is closed, nobody waits for an answer any more.
lines.once('close', () => process.exit(0));
for await (const line of lines) {
  const text = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(text === null ? renew() : await evaluate(text))}\n`);
}
process.exit(0);
