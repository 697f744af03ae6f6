import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { workflowBundlePath } from '../../src/temporal/namespace.js';

describe('the build', () => {
  it('removes output whose source is gone, and keeps a bundle whose input has not changed', () => {
    const ghost = `dist/test/scripts/ghost-${process.pid}.js`;
    for (const file of [ghost, `${ghost}.map`]) writeFileSync(file, '');
    const { mtimeMs } = statSync(workflowBundlePath);
    execFileSync(process.execPath, ['dist/scripts/finish-build.js'], { stdio: 'inherit' });
    assert.deepEqual([ghost, `${ghost}.map`].filter(existsSync), []);
    assert.equal(statSync(workflowBundlePath).mtimeMs, mtimeMs);
    assert.ok(existsSync('dist/test/scripts/finish-build.test.js'));
  });
});
