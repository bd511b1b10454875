import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../config/packageRoot.ts';
import { Fault } from '../../errors/index.ts';
import { limitedBody } from '../../processes/limitedBody.ts';
import { exactObject, jsonOf } from '../formats/dsse.ts';
import { fromBase64, fromUtf8, toBase64 } from '../formats/encoding.ts';
import type { Signer } from './signer.ts';
import { nodeCrypto } from '../formats/nodeCrypto.ts';
import { ED25519, keyIdOf, parseVkey } from '../formats/note.ts';

/**
 * A key that is not in its file: the file, JSON, says how to ask for a signature. Public parts
 * stand in it, and where a secret to ask with is to be found; never a secret.
 *
 *     {"v":1,"vkey":"…","pkcs11":{"module","token","object","pinVariable"}}
 *         a token; the PIN is in the environment
 *     {"v":1,"vkey":"…","command":["…",…]}
 *         the message on its standard input, 64 bytes (or their base64) on its standard output
 *     {"v":1,"vkey":"…","url":"https://…","tokenFile":"…"}
 *         POST {"keyId","message"}, base64, with the file's text as bearer token; the answer is
 *         {"signature"}, base64
 *
 * Whoever signs is not trusted to have signed this message with this key: every signature is
 * verified before it is used.
 */
export type ExternalKey =
  | { readonly v: 1; readonly vkey: string; readonly pkcs11: Token }
  | { readonly v: 1; readonly vkey: string; readonly command: readonly string[] }
  | { readonly v: 1; readonly vkey: string; readonly url: string; readonly tokenFile: string };

const TIMEOUT_MS = 15_000;
const MAX_OUTPUT = 4_096;

export interface Token {
  /** The path of the PKCS#11 module. */
  readonly module: string;
  /** Labels of token and key. */
  readonly token: string;
  readonly object: string;
  /** The environment variable with the PIN: it stands in no file and on no command line. */
  readonly pinVariable: string;
}

/** Asks a token in a process of its own (`scripts/pkcs11.mjs`). */
const tokenCommand = (token: Token & { readonly publicKey?: true }): string[] => [
  process.execPath,
  join(packageRoot(), 'scripts', 'pkcs11.mjs'),
  JSON.stringify(token),
];

/** The public key of a token's key; throws SIGNER_FAILED where there is none. */
export async function readTokenKey(token: Token): Promise<Uint8Array> {
  const key = fromBase64(
    (
      fromUtf8(await output(tokenCommand({ ...token, publicKey: true }), new Uint8Array(0))) ?? ''
    ).trim(),
  );
  if (key?.length !== 32) throw failed(`${token.object} is no Ed25519 key`);
  return key;
}

/**
 * The signer that a key file describes; nothing when it is not of this kind. Nothing is asked yet.
 */
export async function parseExternalKey(text: string): Promise<Signer | undefined> {
  const key = readExternalKey(text);
  const verification = key === undefined ? undefined : await parseVkey(key.vkey, nodeCrypto.sha256);
  if (key === undefined || verification === undefined || verification.type !== ED25519)
    return undefined;
  const keyId = keyIdOf(verification);
  const ask = (message: Uint8Array): Promise<Uint8Array> => {
    if ('url' in key) return byHttp(key, keyId, message);
    return byCommand('pkcs11' in key ? tokenCommand(key.pkcs11) : key.command, message);
  };
  return {
    ...verification,
    keyId,
    sign: async (message) => {
      const signature = await ask(message);
      if (!nodeCrypto.verifyEd25519(verification.publicKey, message, signature))
        throw new Fault('SIGNER_FAILED', `what was given as a signature of ${keyId} is none`);
      return signature;
    },
  };
}

function readExternalKey(text: string): ExternalKey | undefined {
  const value = jsonOf(text);
  const command = exactObject(value, ['command', 'v', 'vkey']);
  const words = command?.['command'];
  if (
    command?.['v'] === 1 &&
    typeof command['vkey'] === 'string' &&
    Array.isArray(words) &&
    words.length > 0 &&
    words.every((word) => typeof word === 'string' && word !== '')
  ) {
    return { v: 1, vkey: command['vkey'], command: words as string[] };
  }
  const token = exactObject(value, ['pkcs11', 'v', 'vkey']);
  const inside = exactObject(token?.['pkcs11'], ['module', 'object', 'pinVariable', 'token']);
  if (
    token?.['v'] === 1 &&
    typeof token['vkey'] === 'string' &&
    inside !== undefined &&
    Object.values(inside).every((word) => typeof word === 'string')
  ) {
    return { v: 1, vkey: token['vkey'], pkcs11: inside as unknown as Token };
  }
  const http = exactObject(value, ['tokenFile', 'url', 'v', 'vkey']);
  if (
    http?.['v'] !== 1 ||
    typeof http['vkey'] !== 'string' ||
    typeof http['url'] !== 'string' ||
    typeof http['tokenFile'] !== 'string'
  )
    return undefined;
  return isPrivateChannel(http['url'])
    ? { v: 1, vkey: http['vkey'], url: http['url'], tokenFile: http['tokenFile'] }
    : undefined;
}

/** A bearer token goes over TLS, or does not leave the machine. */
export function isPrivateChannel(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname))
  );
}

async function byCommand(command: readonly string[], message: Uint8Array): Promise<Uint8Array> {
  const signature = asSignature(await output(command, message));
  if (signature === undefined) throw failed(`${command[0]} printed no signature`);
  return signature;
}

/** What a command prints, run without a shell. */
function output([file = '', ...args]: readonly string[], input: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      {
        encoding: 'buffer',
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(new Uint8Array(stdout));
        reject(
          failed(
            `${file}: ${error.killed ? 'no answer in time' : String(stderr).trim().split('\n').at(-1)?.slice(0, 200) || error.message}`,
            error,
          ),
        );
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

async function byHttp(
  { url, tokenFile }: { readonly url: string; readonly tokenFile: string },
  keyId: string,
  message: Uint8Array,
): Promise<Uint8Array> {
  try {
    const token = (await readFile(tokenFile, 'utf8')).trim();
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ keyId, message: toBase64(message) }),
    });
    if (!response.ok) throw failed(`${url} answers ${response.status}`);
    const body = await limitedBody(response, MAX_OUTPUT);
    const { signature } = JSON.parse(fromUtf8(body) ?? '') as { signature?: unknown };
    const bytes = typeof signature === 'string' ? fromBase64(signature) : undefined;
    if (bytes?.length !== 64) throw failed(`${url} gives no signature`);
    return bytes;
  } catch (cause) {
    throw cause instanceof Fault ? cause : failed(`${url} cannot be asked`, cause);
  }
}

/** 64 bytes as they are, or as base64 with white space around. */
function asSignature(output: Uint8Array): Uint8Array | undefined {
  if (output.length === 64) return output;
  const bytes = fromBase64((fromUtf8(output) ?? '').trim());
  return bytes?.length === 64 ? bytes : undefined;
}

const failed = (message: string, cause?: unknown): Fault =>
  new Fault('SIGNER_FAILED', message, {
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
