/** Servers that a test needs and npm does not install. */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** @returns what the machine lacks for these programs, with the remedy; undefined where they are all there */
export function lacking(
  programs: readonly string[],
  packages: readonly string[],
  needsRoot = false,
): string | undefined {
  if (needsRoot && process.getuid?.() !== 0) return 'needs root';
  // Debian keeps servers in sbin, which the PATH of a user does not name.
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin'];
  const missing = programs.filter((program) => !folders.some((each) => existsSync(path.join(each, program))));
  return missing.length > 0
    ? `needs ${missing.join(', ')}: apt-get install ${packages.join(' ')}`
    : undefined;
}
