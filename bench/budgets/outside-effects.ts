/** What the world outside sees of an exit, as effects. */
import { startOutside, type Outside } from '../compare/outside.js';
import { watchEffects, type Effect, type Effects } from './effects.js';

/** By the part of the Message-ID that says what the mail is: the effect, and how many mails make it. */
const mails: Record<string, [effect: Effect, count: number]> = {
  'notify-manager': ['told', 1],
  'notify-employee': ['employee-told', 1],
  interview: ['invited', 2],
  'notify-manager-of-outcome': ['outcome-told', 1],
  'interview-cancelled': ['withdrawn', 2],
};

export async function watchOutside(logFile: string): Promise<{ outside: Outside; effects: Effects }> {
  const effects = watchEffects();
  const employees = new Map<string, string>();
  const sent = new Map<string, Map<string, Set<string>>>();
  const outside = await startOutside(logFile, (seen) => {
    const { atMs } = seen;
    if (seen.kind === 'write') {
      const { employeeId, system, what } = seen;
      effects.see({ employeeId, effect: `${what.startsWith('-') ? 'blocked' : 'ended'}:${system}`, atMs });
      return;
    }
    const [exitId, what] = seen.messageId.split('.') as [string, string];
    const of = sent.get(exitId) ?? new Map<string, Set<string>>();
    sent.set(exitId, of.set(what, (of.get(what) ?? new Set()).add(seen.messageId)));
    // The mail to hr@ does not say whose interview it is; another mail of the exit does.
    const address = /^(?:m-)?(b-.+)@/.exec(seen.to)?.[1];
    if (address !== undefined) employees.set(exitId, address.toUpperCase());
    const employeeId = employees.get(exitId);
    if (employeeId === undefined) return;
    for (const [name, ids] of of) {
      const [effect, count] = mails[name] ?? [];
      if (effect && ids.size >= count!) effects.see({ employeeId, effect, atMs });
    }
  });
  return { outside, effects };
}
