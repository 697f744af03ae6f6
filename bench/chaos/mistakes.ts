/**
 * Deliberate mistakes, which the judge has to find. A hook of the module loader changes the compiled code of the services as it is loaded;
 * src/ has none of it.
 */
import type { WireFault } from './door.js';
import type { Way } from './faults.js';
import type { MailFault } from './mailbox.js';
import type { Rule } from './violation.js';

interface Mistake {
  /** What the judge finds. */
  breaks: Rule;
  /** The faults of services, wires and mails that bring it out in a short run; default: all. */
  services?: readonly Way[];
  wires?: readonly WireFault[];
  mails?: readonly MailFault[];
  /** Below dist/src/. */
  file: string;
  from: string;
  to: string;
}

const SUSPEND = 'suspended = await setActive(port, account, false, signal, user);';

export const mistakes: Record<string, Mistake> = {
  'forget what is taken': {
    breaks: 'no hold takes or gives back a thing too many',
    file: 'services/access/suspend-strategy.js',
    from: '...{ suspended: true, groups },',
    to: '...{ suspended: false, groups },',
  },
  'acknowledge before acting': {
    breaks: 'nothing is stuck in silence',
    file: 'choreography/subscribers/subscriber.js',
    from: 'const raw = rawOf(message);',
    to: 'message.ack(); const raw = rawOf(message);',
  },
  'publish before writing': {
    breaks: 'blocked is true when it is said',
    file: 'services/access/watch-suspension.js',
    from: SUSPEND,
    to: 'suspended = { seen: user, writes: 1 }; setTimeout(() => void setActive(port, account, false, AbortSignal.timeout(9e4)).catch(console.error), 1500);',
  },
  'believe a timeout': {
    breaks: 'blocked is true when it is said',
    wires: ['writes unreachable'],
    file: 'services/access/watch-suspension.js',
    from: SUSPEND,
    to: `${SUSPEND.slice(0, -1)}.catch(() => ({ seen: { ...user, active: false }, writes: 1 }));`,
  },
  'a new Message-ID for each try': {
    breaks: 'no mail goes out twice under different Message-IDs',
    mails: ['SMTP hang-up after DATA'],
    file: 'exit/ids.js',
    from: '${fingerprint(recipient)}@',
    to: '${fingerprint(recipient)}-${Date.now()}@',
  },
  'leave the invitation': {
    breaks: 'no invitation without an interview',
    file: 'services/hr/announcement.js',
    from: 'if (memory.has(id))',
    to: "if (memory.has(id) || what !== 'interview')",
  },
  'give back everything': {
    breaks: 'no hold takes or gives back a thing too many',
    file: 'services/access/restore.js',
    from: 'for (const group of toGive) {',
    to: "for (const group of [...taken.groups, { id: port.system + '-group-spare', displayName: 'spare' }]) {",
  },
  'end at once on SIGTERM': {
    breaks: 'every process ends on SIGTERM within its grace',
    services: ['SIGTERM'],
    file: 'process/stop-signal.js',
    from: "['SIGINT', 'SIGTERM']",
    to: "['SIGINT']",
  },
};

export const mistakeEnv = (name: string): Record<string, string> => ({
  CHAOS_MISTAKE: name,
  NODE_OPTIONS: `--import ${new URL('./mistaken-process.js', import.meta.url).href}`,
});
