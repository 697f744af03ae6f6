import assert from 'node:assert/strict';
import { readTable } from '../../src/client/bulk.js';
import type { Refusal } from '../../src/exit/refusal.js';

const read = (csv: string) => readTable(csv, 'orchestrated');
const problemsOf = (csv: string) => read(csv).map(({ problem }) => problem);

describe('a table of exits', () => {
  it('is read with commas, semicolons or tabs, quotes, a byte order mark and other spellings of the columns', () => {
    for (const [mark, separator] of [
      ['', ','],
      ['\ufeff', ';'],
      ['', '\t'],
    ] as const) {
      const lines = [
        ['Employee ID', 'last_working_day', 'REASON', 'form'],
        [' E-1 ', '2999-01-31', '"a, b; and ""c"""', 'Choreographed'],
        ['', '', '', ''],
        ['E-2'],
      ];
      const csv = mark + lines.map((cells) => cells.join(separator)).join('\r\n');
      assert.deepEqual(
        read(csv).map(({ line, form, resignation }) => ({ line, form, ...resignation })),
        [
          {
            ...{ line: 2, form: 'choreographed', employeeId: 'E-1' },
            ...{ lastWorkingDay: '2999-01-31', reason: 'a, b; and "c"' },
          },
          { line: 4, form: 'orchestrated', employeeId: 'E-2' },
        ],
      );
    }
  });

  it('refuses each row by itself: doubles, formulas, control characters, unknown forms, cells too many', () => {
    const [double, formula, control, turned, form, cells, second, good] = problemsOf(
      [
        'employeeId,reason,form',
        ...['E-1', 'E-2,=cmd()', 'E-3,a\u0007b', 'E-4,a\u202eb', 'E-5,,improvised', 'E-6,a,,b'],
        ...['E-1,again', 'E-7,"two\nlines"'],
      ].join('\n'),
    );
    assert.match(double!, /^E-1 is on the lines 2, 8: keep one of them$/);
    assert.equal(second, double);
    assert.match(formula!, /^reason: begins as a formula/);
    for (const each of [control, turned]) assert.match(each!, /^reason: has a control character/);
    assert.match(form!, /^form: must be one of orchestrated, choreographed$/);
    assert.match(cells!, /^the row has 4 cells, and the table 3 columns/);
    assert.equal(good, undefined);
  });

  it('is refused whole where it is none, or is too long, and says why', () => {
    const many = `employeeId\n${Array.from({ length: 501 }, (_, i) => `E-${i}`).join('\n')}`;
    for (const [csv, why] of [
      ['', /names of the columns/],
      ['employeeId', /a row for each exit/],
      ['reason\nleft', /no column employeeId/],
      ['employeeId,salary\nE-1,3', /"salary" is none of employeeId/],
      ['employeeId,Employee Id\nE-1,E-1', /twice/],
      ['employeeId,reason\nE-1,"left', /Quote Not Closed/],
      [many, /more than 500 rows/],
      [`employeeId,reason\nE-1,${'a'.repeat(200_000)}`, /more than 200000 bytes/],
    ] as const)
      assert.throws(
        () => read(csv),
        ({ code, message }: Refusal) => code === 'invalid' && why.test(message),
        csv.slice(0, 40),
      );
  });
});
