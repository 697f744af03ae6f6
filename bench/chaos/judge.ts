/** Judges a run after the faults, by what the world outside shows and what EMS says. It shares no code with the services. */
import { isStuck, stepKey } from '../../src/exit/status.js';
import { readCalendar } from './calendar.js';
import { systems } from './company.js';
import type { Ended } from './exits.js';
import { judgeAccount } from './judge-accounts.js';
import { judgeMails } from './judge-mails.js';
import { judgeHistories } from './replays.js';
import type { Violation } from './violation.js';
import type { World } from './world.js';

export interface Verdict {
  violations: Violation[];
  /** What waits for a person, and says so. */
  attention: { employeeId: string; step: string; error: string | undefined }[];
  mails: number;
}

export async function judge(world: World, ended: readonly Ended[]): Promise<Verdict> {
  const violations: Violation[] = [];
  const attention: Verdict['attention'] = [];
  for (const { exit, status, problem } of ended) {
    const { employeeId, exitId, outcome } = exit;
    const wrong = (rule: Violation['rule'], says: string): void =>
      void violations.push({ rule, employeeId, exitId, says });
    if (!status) {
      wrong('every accepted resignation has an exit', problem ?? 'it has no status');
      continue;
    }
    if (exit.acceptedMs !== undefined && status.decision?.outcome !== outcome)
      wrong('every accepted decision is carried out', `${outcome} was accepted: ${JSON.stringify(status)}`);
    const stuck = status.steps.filter(isStuck);
    for (const step of stuck) attention.push({ employeeId, step: stepKey(step), error: step.error });
    if (status.phase !== 'closed' && stuck.length === 0)
      wrong('nothing is stuck in silence', JSON.stringify(status));
    for (const system of systems) {
      const looks = world.accounts.looksAt(system, employeeId);
      const final = await world.accounts.read(system, employeeId);
      for (const [rule, says] of judgeAccount({ exit, status, system, looks, final })) wrong(rule, says);
    }
  }
  const { mails, refused } = await world.mailbox.read();
  violations.push(...judgeMails(ended, mails, refused, await readCalendar(world.calendar)));
  const temporal = world.form.env['TEMPORAL_ADDRESS'];
  if (temporal !== undefined)
    violations.push(
      ...(await judgeHistories(
        temporal,
        ended.map(({ exit }) => exit),
      )),
    );
  return { violations, attention, mails: mails.length };
}
