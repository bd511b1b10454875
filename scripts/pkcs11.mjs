// A token over PKCS#11, in a process of its own: the module is code of somebody else, and a crash
// in it must not take the service along. Its one argument is JSON: { module, token, object,
// pinVariable, publicKey? }. With `publicKey` it prints the Ed25519 public key, as base64; else it
// signs its standard input (CKM_EDDSA, pure Ed25519) and prints 64 bytes.
import { readFileSync } from 'node:fs';

const CKM_EDDSA = 0x1057;

function stop(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

const { module, token, object, pinVariable, publicKey } = JSON.parse(process.argv[2] ?? '{}');
const { default: pkcs11 } = await import('pkcs11js').catch(() =>
  stop('the optional package pkcs11js is not installed'),
);
const library = new pkcs11.PKCS11();
try {
  library.load(module);
  library.C_Initialize();
  const slot = library
    .C_GetSlotList(true)
    .find((each) => library.C_GetTokenInfo(each).label.trim() === token);
  if (slot === undefined) stop(`there is no token ${token}`);
  const session = library.C_OpenSession(slot, pkcs11.CKF_SERIAL_SESSION);
  const find = (kind) => {
    library.C_FindObjectsInit(session, [
      { type: pkcs11.CKA_CLASS, value: kind },
      { type: pkcs11.CKA_LABEL, value: object },
    ]);
    const found = [library.C_FindObjects(session), library.C_FindObjects(session)].filter(
      (each) => each,
    );
    library.C_FindObjectsFinal(session);
    if (found.length !== 1)
      stop(`the token has ${found.length === 0 ? 'no key' : 'several keys'} ${object}`);
    return found[0];
  };
  if (publicKey) {
    // CKA_EC_POINT is the key in a DER octet string (PKCS#11 v3.0), or, in older modules, the 32
    // bytes themselves.
    const point = library.C_GetAttributeValue(session, find(pkcs11.CKO_PUBLIC_KEY), [
      { type: pkcs11.CKA_EC_POINT },
    ])[0].value;
    const key =
      point.length === 34 && point[0] === 4 && point[1] === 32 ? point.subarray(2) : point;
    if (key.length !== 32) stop(`${object} is no Ed25519 key`);
    process.stdout.write(key.toString('base64'));
  } else {
    const pin = process.env[pinVariable];
    if (pin === undefined) stop(`${pinVariable} is not set`);
    library.C_Login(session, pkcs11.CKU_USER, pin);
    library.C_SignInit(session, { mechanism: CKM_EDDSA }, find(pkcs11.CKO_PRIVATE_KEY));
    process.stdout.write(library.C_Sign(session, readFileSync(0), Buffer.alloc(64)));
  }
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}
