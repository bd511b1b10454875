/**
 * Where the files of the evidence stand in a bundle. Names come from models: the number keeps two
 * apart after they were made plain.
 */

export const tracePath = (property: string, at: number): string =>
  `evidence/traces/${ordinal(at)}-${plainName(property)}.json`;

export const artifactPath = (name: string, at: number): string =>
  `evidence/artifacts/${ordinal(at)}-${plainName(name)}`;

/**
 * Whether a path is that of an artifact of this name. Two artifacts can be meant: a name that was
 * made plain has lost something.
 */
export function isArtifact(path: string, name: string): boolean {
  return (
    /^evidence\/artifacts\/\d{3,}-/.test(path) &&
    path.replace(/^evidence\/artifacts\/\d{3,}-/, '') === plainName(name)
  );
}

const ordinal = (at: number): string => String(at + 1).padStart(3, '0');
const plainName = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_').slice(0, 80);
