/** Loads the adapter of a system that your own module reaches. */
import { FinalFailure } from '../../../exit/failures.js';
import { RetryAfter } from '../../protocols/retry-after.js';
import type { AccessPort } from '../access-port.js';
import { withCheckedAnswers } from './own-answers.js';

/** What the default export of the module is called with, once for each process. */
export interface Given {
  /** The configured name of the system: "payroll". */
  system: string;
  /** As configured. */
  options: Readonly<Record<string, unknown>>;
  /** Reads an environment variable. @throws Error where it is not set */
  secret: (name: string) => string;
  /** The timeout of one request. */
  requestTimeoutMs: number;
  /** Waits until the rate limit of the system allows the next request. */
  pace: (signal: AbortSignal) => Promise<void>;
  /** What a function of the port throws where no retry helps, or only a later one. */
  failures: { FinalFailure: typeof FinalFailure; RetryAfter: typeof RetryAfter };
}

/** The default export of the module. */
export type MakeAdapter = (given: Given) => AccessPort | Promise<AccessPort>;

/** Each member of the port, and whether an adapter must have it. */
const functions: { [K in Exclude<keyof AccessPort, 'system'>]: 'needed' | 'optional' } = {
  capabilities: 'needed',
  find: 'needed',
  hasKey: 'optional',
  read: 'needed',
  setActive: 'needed',
  groupsOf: 'needed',
  findGroup: 'needed',
  membersOf: 'optional',
  standingIn: 'optional',
  hasGroups: 'optional',
  showsInactive: 'optional',
  hasOtherActiveMember: 'needed',
  removeFromGroup: 'needed',
  addToGroup: 'needed',
  endSessions: 'optional',
};

/**
 * @param module the URL of the file
 * @throws Error where the file is missing or fails, exports no function, or makes no complete port
 */
export async function loadAdapter(module: string, given: Omit<Given, 'failures'>): Promise<AccessPort> {
  const { default: make } = (await import(module)) as { default?: unknown };
  if (typeof make !== 'function')
    throw new Error(`${module} must export a function as its default, which makes the adapter`);
  const port: unknown = await (make as MakeAdapter)({ ...given, failures: { FinalFailure, RetryAfter } });
  if (typeof port !== 'object' || port === null)
    throw new Error(`the default export of ${module} must return the adapter, an object`);
  const { system } = given;
  const members = port as Record<string, unknown>;
  if (members['system'] !== system)
    throw new Error(`the adapter of ${module} must have the member "system", here "${system}"`);
  const wrong = Object.entries(functions).filter(([name, need]) => {
    const isMissing = members[name] === undefined;
    return isMissing ? need === 'needed' : typeof members[name] !== 'function';
  });
  if (wrong.length > 0)
    throw new Error(
      `the adapter of ${module} must have as functions: ${wrong.map(([name]) => name).join(', ')}`,
    );
  return withCheckedAnswers(port as AccessPort);
}
