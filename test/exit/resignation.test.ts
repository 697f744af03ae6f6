import assert from 'node:assert/strict';
import { parseResignation } from '../../src/exit/resignation.js';

const today = '2026-11-23';

describe('a resignation', () => {
  it('needs nothing but the employee id', () => {
    assert.deepEqual(parseResignation({ employeeId: 'E-1002' }, today), {
      ok: true,
      value: { employeeId: 'E-1002' },
    });
  });

  it('may name today as the last working day', () => {
    assert.equal(parseResignation({ employeeId: 'E-1002', lastWorkingDay: today }, today).ok, true);
  });

  const bad: [what: string, input: unknown, problem: RegExp][] = [
    ['nothing', undefined, /must be an object/],
    ['a bare string', 'E-1002', /must be an object/],
    ['no employee id', {}, /^employeeId: must be the employee id/],
    [
      'an id that is not safe in a workflow ID or a subject',
      { employeeId: 'E.1002 >' },
      /^employeeId: must be 1 to 64/,
    ],
    [
      'a date that is not one',
      { employeeId: 'E-1', lastWorkingDay: '2026-02-30' },
      /^lastWorkingDay: must be a date/,
    ],
    [
      'a date in another form',
      { employeeId: 'E-1', lastWorkingDay: '31.12.2026' },
      /^lastWorkingDay: must be a date/,
    ],
    [
      'a date in the past',
      { employeeId: 'E-1', lastWorkingDay: '2026-11-22' },
      /^lastWorkingDay: 2026-11-22 lies in the past/,
    ],
    ['two mistakes at once', { employeeId: '', lastWorkingDay: 'x' }, /employeeId: .*; lastWorkingDay: /],
  ];
  for (const [what, input, problem] of bad) {
    it(`is refused with the field and what was expected: ${what}`, () => {
      const parsed = parseResignation(input, today);
      assert.equal(parsed.ok, false);
      assert.match((parsed as { problem: string }).problem, problem);
    });
  }
});
