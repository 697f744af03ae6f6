import assert from 'node:assert/strict';
import { lastWeekly } from '../../src/config/weekly.js';
import { digestOf, withNames } from '../../src/exit/digest.js';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';

const now = '2026-11-26T12:00:00Z';
const exit = (employeeId: string, more: object = {}) => ({
  ...{ employeeId, exitId: `x-${employeeId}`, phase: 'awaiting-decision' as const, needsAttention: false },
  ...more,
});

describe('the digest', () => {
  it('has the overdue and the stuck exits first, then those due first, and counts what it leaves out', () => {
    const digest = digestOf(
      [
        exit('E-1', { reviewBy: '2026-12-09T00:00:00Z' }),
        exit('E-2', { phase: 'awaiting-effective-date', lastWorkingDay: '2026-12-01' }),
        exit('E-3', { reviewBy: '2026-11-20T00:00:00Z' }),
        exit('E-4', { phase: 'starting', needsAttention: true }),
        ...Array.from({ length: 60 }, (_, i) => exit(`E-late-${i}`, { phase: 'revoking' })),
      ],
      now,
    );
    assert.deepEqual([digest.open, digest.attention, digest.overdue, digest.exits.length], [64, 1, 1, 50]);
    assert.deepEqual(
      digest.exits.slice(0, 5).map(({ employeeId, awaits }) => [employeeId, awaits]),
      [
        ['E-3', 'hr'],
        ['E-4', 'ems'],
        ['E-2', 'date'],
        ['E-1', 'hr'],
        ['E-late-0', 'ems'],
      ],
    );
  });

  it('asks the directory for names until it does not answer, and goes out all the same', async () => {
    const asked: string[] = [];
    const { exits } = await withNames(
      digestOf(
        ['a', 'b', 'c', 'd'].map((id) => exit(id)),
        now,
      ),
      (id) => {
        asked.push(id);
        if (id === 'b') return Promise.reject(new FinalFailure(FailureType.UnknownEmployee, 'no such one'));
        return id === 'a' ? Promise.resolve({ displayName: 'Ada' }) : Promise.reject(new Error('down'));
      },
    );
    assert.deepEqual(
      exits.map(({ name }) => name),
      ['Ada', undefined, undefined, undefined],
    );
    assert.deepEqual(asked, ['a', 'b', 'c']);
  });

  it('is due at its time on the clock of the company, also where that clock changes', () => {
    const last = (at: string) => lastWeekly({ day: 'monday', at: '08:00' }, 'Europe/Berlin', at);
    assert.deepEqual(last(now), { date: '2026-11-23', instant: '2026-11-23T07:00:00Z' });
    assert.deepEqual(last('2026-11-23T06:59:59Z'), { date: '2026-11-16', instant: '2026-11-16T07:00:00Z' });
    assert.deepEqual(last('2026-11-23T07:00:00Z').date, '2026-11-23');
    assert.equal(last('2026-07-14T00:00:00Z').instant, '2026-07-13T06:00:00Z');
  });
});
