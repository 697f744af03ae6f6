import { execFileSync } from 'node:child_process';
import { cp, symlink } from 'node:fs/promises';
import path from 'node:path';
import { scratchFolder } from '../support/temporal.js';

const tree = [
  'src',
  'test',
  'bench',
  'examples',
  'deploy',
  'docker-compose.yml',
  'package.json',
  'tsconfig.json',
];

describe('the patches of the examples', () => {
  for (const form of ['orchestrated', 'choreographed'])
    for (const change of ['gates', 'new-field'])
      it(`apply to the code of today, and it compiles: observes, then ${change}, ${form}`, async () => {
        const copy = await scratchFolder();
        for (const each of tree) await cp(each, path.join(copy, each), { recursive: true });
        await symlink(path.resolve('node_modules'), path.join(copy, 'node_modules'));
        for (const name of ['observes', change]) {
          const patch = path.resolve(`examples/changes/${name}.${form}.patch`);
          execFileSync('git', ['apply', patch], { cwd: copy, stdio: 'pipe' });
        }
        const tsc = path.resolve('node_modules/.bin/tsc');
        execFileSync(tsc, ['--noEmit'], { cwd: copy, stdio: 'pipe', encoding: 'utf8' });
      });
});
