/** Histories in which an earlier hold did wrong: found and shrunk by the model, or derived from what it found. */
import type { AdminAction, Effect, Happening, Moment, Outcome, Script } from '../script.js';

interface History {
  /** What the hold promises where it once went wrong. */
  promise: string;
  /** Where only one kind of server shows it. */
  etags?: boolean;
  script: Script;
}

const admin = (moment: Moment, of: Happening['of'], at: number, action: AdminAction): Happening => ({
  moment,
  of,
  at,
  what: { kind: 'admin', action },
});
const fault = (
  moment: Moment,
  of: Happening['of'],
  at: number,
  effect: Effect,
  outcome: Outcome,
): Happening => ({ moment, of, at, what: { kind: 'fault', fault: { effect, outcome } } });

const retained = (hold: Script['hold'], happenings: Happening[], more: Partial<Script> = {}): Script => ({
  hold,
  ending: 'retained',
  soon: true,
  sweeps: false,
  server: 'plain',
  active: true,
  memberOf: [true, false, false],
  happenings,
  ...more,
});

export const histories: History[] = [
  {
    promise: 'does not lift a suspension that another administrator made between the look and the write',
    script: retained('suspend', [admin('block', 'report', 0, { does: 'suspend' })]),
  },
  {
    promise: 'does not lift a suspension that another administrator made first, as the refused write tells',
    etags: true,
    script: retained('suspend', [admin('block', 'write', 0, { does: 'suspend' })]),
  },
  {
    promise: 'does not give back a membership that another administrator took between the look and the write',
    script: retained('groups', [admin('block', 'report', 0, { does: 'leave', group: 0 })]),
  },
  {
    promise:
      'does not give back a membership that another administrator took first, as the refused write tells',
    etags: true,
    script: retained('groups', [admin('block', 'write', 0, { does: 'leave', group: 0 })]),
  },
  {
    promise: 'gives back the membership in a group that was renamed between capture and block',
    script: retained('groups', [admin('block', 'any', 0, { does: 'rename-group', group: 0 })]),
  },
  {
    promise: 'takes no membership that was given after it reported what it would take',
    script: retained('groups', [
      admin('block', 'any', 0, { does: 'leave', group: 0 }),
      admin('block', 'report', 0, { does: 'join', group: 0 }),
    ]),
  },
  {
    promise: 'repairs what a write of an earlier attempt does after the restore',
    etags: false,
    script: retained('suspend', [fault('block', 'write', 0, 'late', 'broken')]),
  },
  {
    promise: 'repairs what a second copy of an answered write does after the restore',
    etags: false,
    script: retained('groups', [fault('block', 'write', 0, 'now-and-late', 'answered')]),
  },
  {
    promise: 'looks again when no late write can land any more, even where something is lost for good',
    script: retained(
      'groups',
      [
        fault('block', 'write', 1, 'late', 'decided'),
        admin('restore', 'any', 0, { does: 'delete-group', group: 0 }),
      ],
      { memberOf: [true, true, false] },
    ),
  },
  {
    promise: 'remembers what a completed block took when a later block ends before its report',
    script: retained('groups', [
      fault('block', 'write', 0, 'now', 'time-up'),
      // At the last look of the second block, and then of the third: each time there is one more to capture.
      admin('block', 'any', 9, { does: 'join', group: 1 }),
      admin('block', 'any', 18, { does: 'join', group: 0 }),
      fault('block', 'any', 20, 'none', 'decided'),
    ]),
  },
  {
    promise: 'never activates an account that it holds by groups, even when what it took is not known',
    script: retained('groups', [
      fault('block', 'report', 0, 'none', 'decided-and-lost'),
      admin('restore', 'any', 0, { does: 'suspend' }),
    ]),
  },
  {
    promise: 'revokes a membership that is given while the others are being revoked',
    script: {
      ...retained('suspend', [admin('revoke', 'write', 0, { does: 'join', group: 1 })], { active: false }),
      ending: 'leaving',
    },
  },
  {
    promise: 'does not give back a membership that another administrator took before the suspension',
    script: retained('suspend', [admin('block', 'any', 0, { does: 'leave', group: 0 })]),
  },
  {
    promise: 'gives back, or names, what the suspension cost',
    script: retained('suspend', [], { server: 'takes the memberships of a suspended account' }),
  },
  {
    promise: 'removes the memberships of an account that an earlier attempt to revoke has suspended',
    script: {
      ...retained('groups', [
        admin('held', 'any', 0, { does: 'new-account' }),
        fault('revoke', 'write', 2, 'now', 'crash'),
      ]),
      ending: 'leaving',
    },
  },
  {
    promise: 'says so where a suspension has deleted the account, also when its answer was lost',
    script: retained('suspend', [fault('block', 'write', 0, 'now', 'broken')], {
      server: 'deletes a suspended account',
    }),
  },
  {
    promise: 'removes at a revocation a held membership that another administrator gives back meanwhile',
    script: {
      ...retained('groups', [
        admin('block', 'report', 0, { does: 'rename-group', group: 0 }),
        admin('revoke', 'any', 9, { does: 'join', group: 0 }),
      ]),
      soon: false,
      ending: 'leaving',
    },
  },
  {
    promise: 'does not blame another administrator for an activity that one answer left out',
    script: retained(
      'suspend',
      [fault('block', 'any', 0, 'now', 'untold'), fault('restore', 'write', 0, 'now', 'crash')],
      { soon: false, active: false },
    ),
  },
  {
    promise: 'does not give back a membership that another administrator took right before the first write',
    script: retained(
      'groups',
      [
        admin('block', 'any', 8, { does: 'leave', group: 1 }),
        admin('held', 'write', 0, { does: 'leave', group: 0 }),
      ],
      { soon: false, memberOf: [true, true, false] },
    ),
  },
  {
    promise: 'takes one 404 for no deletion where the account was renamed since the capture, and is listed',
    script: retained(
      'groups',
      [
        admin('capture', 'any', 1, { does: 'rename-account' }),
        fault('block', 'any', 0, 'late', 'not-found'),
        fault('block', 'write', 0, 'now', 'decided-and-lost'),
      ],
      { soon: false },
    ),
  },
  {
    promise: 'blames no write of its own where another administrator deletes the group meanwhile',
    etags: false,
    script: {
      ...retained('suspend', [admin('revoke', 'write', 0, { does: 'delete-group', group: 0 })], {
        soon: false,
        active: false,
      }),
      ending: 'leaving',
    },
  },
  {
    promise: 'says so where a suspension that was given up has deleted the account, before the next one did',
    script: {
      ...retained(
        'suspend',
        [
          fault('block', 'write', 0, 'late', 'error'),
          { moment: 'block', of: 'write', at: 1, what: { kind: 'landing' } },
        ],
        { soon: false, server: 'deletes a suspended account' },
      ),
      ending: 'leaving',
    },
  },
];
