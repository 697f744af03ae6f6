import { execFileSync } from 'node:child_process';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { scratchFolder } from '../support/temporal.js';

const payroll = 'examples/payroll/orchestrated.patch';

describe('a patch of the examples applies to the code of today', () => {
  for (const patches of [
    [payroll],
    [payroll, 'examples/changes/new-field-orchestrated.patch'],
    ['examples/changes/gate-choreographed.patch'],
    ['examples/changes/new-field-choreographed.patch'],
  ])
    it(patches.join(', then '), async () => {
      const copy = await scratchFolder();
      for (const each of ['src', 'test', 'examples', 'docker-compose.yml'])
        await cp(each, path.join(copy, each), { recursive: true });
      for (const patch of patches)
        execFileSync('git', ['apply', path.resolve(patch)], { cwd: copy, stdio: 'pipe' });
    });
});
