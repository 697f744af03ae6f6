/** For `node --import`: prints the packages in CommonJS that the process has loaded, as the last line on stderr. */
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const { cache } = createRequire(import.meta.url);

process.once('exit', () => {
  const packages = Object.keys(cache).map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1]);
  writeSync(2, `${JSON.stringify([...new Set(packages)])}\n`);
});
