import assert from 'node:assert/strict';
import { table } from '../../src/cli/output.js';

describe('table', () => {
  it('aligns names in characters of any width', () => {
    const rows = [
      ['Nora', 'open'],
      ['王小明', 'closed'],
      ['Zoë', 'open'],
    ];
    assert.equal(table(rows, '> '), '> Nora    open\n> 王小明  closed\n> Zoë     open');
  });
});
