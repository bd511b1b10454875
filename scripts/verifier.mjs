// Builds dist/verify.html: the verifier of src/evidence/verify with its page, as one file without
// any address in it. The bundler is a development dependency; where it was left out, so is the
// page.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** The page as text, or nothing without a bundler. */
/** @returns {Promise<string | undefined>} */
export async function verifierPage() {
  const bundler = await import('rolldown').catch(() => undefined);
  if (bundler === undefined) return undefined;
  const bundle = await bundler.rolldown({
    input: join(root, 'src/evidence/browser/page.ts'),
    platform: 'browser',
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true });
  await bundle.close();
  // Inside a script element, these two would end it or begin a comment.
  const script = output[0].code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
  const page = readFileSync(join(root, 'src/evidence/browser/verify.html'), 'utf8');
  const style = /<style>([\s\S]*?)<\/style>/u.exec(page)?.[1] ?? '';
  const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return page
    .replace('{{script-hash}}', () => hash(script))
    .replace('{{style-hash}}', () => hash(style))
    .replace('{{script}}', () => script);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const page = await verifierPage();
  if (page === undefined) console.error('probity: no bundler, so dist/verify.html is left out');
  else {
    mkdirSync(join(root, 'dist'), { recursive: true });
    writeFileSync(join(root, 'dist', 'verify.html'), page);
  }
}
