/** What `tsc` leaves to do: output without a source goes, and the workflow bundle is renewed where its input changed. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const DIST = 'dist';
const BUNDLE = 'dist/src/temporal/workflow-bundle.cjs';
/** The lockfile in node_modules changes with every install. */
const BUNDLED = [
  'dist/src/workflows',
  'dist/src/exit',
  'dist/src/temporal/bundle.js',
  'node_modules/.package-lock.json',
];

for (const file of filesIn(DIST)) {
  const source = file.slice(DIST.length + 1).replace(/\.js(\.map)?$/, '.ts');
  // Mocha would go on with the test of a file that is gone.
  if (/\.js(\.map)?$/.test(file) && !existsSync(source)) rmSync(file);
}

const bundledAt = existsSync(BUNDLE) ? statSync(BUNDLE).mtimeMs : 0;
if (BUNDLED.flatMap(filesIn).some((file) => statSync(file).mtimeMs >= bundledAt))
  await import('../src/temporal/bundle.js');

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => filesIn(join(path, entry.name)));
}
