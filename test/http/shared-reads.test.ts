import assert from 'node:assert/strict';
import { eventually } from '../support/eventually.js';
import { sharedReads } from '../../src/http/shared-reads.js';

describe('reads that callers share', () => {
  it('give each caller what was read after its question, with one read for all who wait', async () => {
    const ends: ((what: string) => void)[] = [];
    const list = sharedReads<string, string>(() => new Promise((resolve) => ends.push(resolve)));
    const first = list('open');
    const waiting = [list('open'), list('open'), list('open')];
    const other = list('all');
    assert.equal(ends.length, 2, 'another question does not wait');
    ends[0]!('one');
    ends[1]!('other');
    assert.deepEqual([await first, await other], ['one', 'other']);
    await eventually('the second read', () => Promise.resolve(ends[2]));
    const late = list('open');
    ends[2]!('two');
    assert.deepEqual(await Promise.all(waiting), ['two', 'two', 'two']);
    (await eventually('the third read', () => Promise.resolve(ends[3])))('three');
    assert.equal(await late, 'three', 'it asked after the second read had begun');
  });

  it('go on after a read that failed', async () => {
    const answers = [Promise.reject(new Error('down')), Promise.resolve('up')];
    const list = sharedReads<string, string>(() => answers.shift()!);
    const first = list('open');
    const second = list('open');
    await assert.rejects(first, /down/);
    assert.equal(await second, 'up');
  });
});
