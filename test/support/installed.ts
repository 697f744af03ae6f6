/** Servers that a test needs and npm does not install. */
import { existsSync } from 'node:fs';

/**
 * @param files of the Debian packages
 * @returns what the machine lacks, with the remedy; undefined where everything is there
 */
export function lacking(
  files: readonly string[],
  packages: readonly string[],
  needsRoot = false,
): string | undefined {
  if (needsRoot && process.getuid?.() !== 0) return 'needs root';
  const missing = files.filter((file) => !existsSync(file));
  return missing.length > 0
    ? `needs ${missing.join(', ')}: apt-get install ${packages.join(' ')}`
    : undefined;
}

/** Where the machine lacks something, the tests are pending and the title says what. */
export function describeUnless(lacks: string | undefined, title: string, tests: () => void): void {
  if (lacks === undefined) describe(title, tests);
  else describe.skip(`${title} (${lacks})`, tests);
}
