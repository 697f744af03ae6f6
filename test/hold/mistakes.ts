/** Deliberate mistakes in the hold. Each is something that a product has been seen to do, or that a hurried change would do. */
import { nothing, type CapturedAccount } from '../../src/exit/hold-facts.js';
import type { AccessPort, Outcome } from '../../src/services/access/access-port.js';
import type { AccessService } from '../../src/services/access/access.js';
import type { Answer, Asked } from './http.js';
import type { Mistake } from './lane.js';

type Service = (real: AccessService, port: AccessPort) => AccessService;

/** Sets active and all captured groups as the capture has them, whatever they are by now. */
const writeTheCaptureBack: Service = (real, port) => ({
  ...real,
  async restore(account, taken, signal) {
    if (await port.read(account, signal)) await give(port, account, account.active !== false, signal);
    return { restoredAt: '', givenBack: taken, notes: [] };
  },
});

const captureAfterTheFirstWrite: Service = (real, port) => ({
  ...real,
  async capture(employee, hold, signal) {
    const [account] = (await real.capture(employee, hold, signal)).accounts;
    if (account && hold.kind === 'suspend') await port.setActive(account, false, signal);
    for (const seen of account ? await port.groupsOf(account.id, signal) : [])
      if (account?.groups.some(({ id }) => id === seen.group.id))
        await port.removeFromGroup(account.id, seen, signal);
    return real.capture(employee, hold, signal);
  },
});

/** Gives everything that was captured, whether the hold took it or not. */
const restoreWithoutLooking: Service = (real, port) => ({
  ...real,
  async restore(account, taken, signal) {
    await give(port, account, true, signal);
    return { restoredAt: '', givenBack: taken, notes: [] };
  },
});

/** Takes the answer to a write for the fact. */
function believeTwoHundred(real: AccessPort): AccessPort {
  const believed = new Map<string, boolean>();
  const believe = async (id: string, value: boolean, answer: Promise<Outcome>): Promise<Outcome> => {
    if ((await answer).kind === 'written') believed.set(id, value);
    return answer;
  };
  return {
    ...real,
    setActive: (seen, active, signal) => believe(seen.id, active, real.setActive(seen, active, signal)),
    addToGroup: (id, group, signal) => believe(group.id, true, real.addToGroup(id, group, signal)),
    removeFromGroup: (id, seen, signal) =>
      believe(seen.group.id, false, real.removeFromGroup(id, seen, signal)),
    async read(account, signal) {
      const active = believed.get(account.id);
      believed.delete(account.id);
      const user = await real.read(account, signal);
      return user && active !== undefined ? { ...user, active } : user;
    },
    async groupsOf(accountId, signal) {
      const groups = await real.groupsOf(accountId, signal);
      const seen = groups.filter(({ group }) => believed.get(group.id) !== false);
      for (const [id, isIn] of believed) {
        if (isIn && !seen.some(({ group }) => group.id === id))
          seen.push({ group: { id, displayName: '' }, via: 'direct', changeable: true });
        believed.delete(id);
      }
      return seen;
    },
  };
}

const forgetWhatWasTried: Service = (real) => ({
  ...real,
  block: (account, hold, _tried, trying, signal) => real.block(account, hold, nothing, trying, signal),
});

const takeWhatOthersTook: Service = (real) => ({
  ...real,
  async block(account, hold, tried, trying, signal) {
    const blocked = await real.block(account, hold, tried, trying, signal);
    return {
      ...blocked,
      taken:
        hold.kind === 'suspend'
          ? { suspended: true, groups: [] }
          : { suspended: false, groups: account.groups },
    };
  },
});

const blockWithoutReporting: Service = (real) => ({
  ...real,
  block: (account, hold, tried, _trying, signal) => real.block(account, hold, tried, async () => {}, signal),
});

const deleteOnRevoke: Service = (real) => ({
  ...real,
  async revoke({ employeeId }, [captured], signal) {
    if (captured)
      await fetch(`http://${employeeId}.invalid/Users/${captured.id}`, { method: 'DELETE', signal });
    return { revokedAt: '', removedGroups: [], notes: [] };
  },
});

const saysNothingOfWhatIsLost: Service = (real) => ({
  ...real,
  restore: (account, taken, signal) =>
    real.restore(account, taken, signal).catch((error: Error) => {
      if (!error.message.startsWith('cannot give back')) throw error;
      return { restoredAt: '', givenBack: taken, notes: [error.message] };
    }),
});

/** Takes what a filter finds for what was asked for. */
function believeAFilter({ path }: Asked, answer: Answer): Answer {
  const [, attribute, value] = /^(\w+) eq "(.*)"$/.exec(filterOf(path)) ?? [];
  const list = JSON.parse(answer.text) as { Resources?: Record<string, unknown>[] };
  if (attribute === undefined || !list.Resources) return answer;
  // The question with an impossible value is not asked at all.
  const isProbe = !value!.startsWith('lane-') && path.startsWith('/Users');
  const Resources = isProbe ? [] : list.Resources.map((each) => ({ ...each, [attribute]: value }));
  return { ...answer, text: JSON.stringify({ ...list, Resources, totalResults: Resources.length }) };
}

/** Takes the first page for the list. */
function believeAPage({ path }: Asked, answer: Answer): Answer {
  const list = JSON.parse(answer.text) as { Resources?: unknown[] };
  if (!list.Resources || !path.includes('startIndex')) return answer;
  return { ...answer, text: JSON.stringify({ ...list, totalResults: list.Resources.length }) };
}

const takeOne404ForADeletion = (real: AccessPort): AccessPort => ({
  ...real,
  read: ({ id }, signal) =>
    real.read({ id }, signal).catch((error: unknown) => {
      if ((error as Error).message.endsWith('answers 404 for its id')) return undefined;
      throw error;
    }),
});

const takeSilenceForNo = (real: AccessPort): AccessPort => ({
  ...real,
  async read(account, signal) {
    const seen = await real.read(account, signal);
    return seen && { ...seen, active: seen.active ?? false };
  },
});

const ignoreWhatASuspensionCosts: Service = (real) => ({
  ...real,
  async capture(...asked) {
    const capture = await real.capture(...asked);
    const accounts = capture.accounts.map(({ memberships: _memberships, ...account }) => account);
    return { ...capture, accounts };
  },
});

const writeInOneWayOnly = (real: AccessPort): AccessPort => ({
  ...real,
  setActive: (seen, active, signal) => real.setActive(seen, active, signal),
});

/** Looks again only where it gave memberships back. */
const leaveAReactivation: Service = (real) => ({
  ...real,
  async restore(...asked) {
    const restored = await real.restore(...asked);
    return { ...restored, isUnsettled: restored.givenBack.groups.length > 0 };
  },
});

const ignoreOtherMembers = (real: AccessPort): AccessPort => ({ ...real, membersOf: undefined });

const holdOneAccountOnly = (real: AccessPort): AccessPort => ({
  ...real,
  find: async (key, signal) => (await real.find(key, signal)).slice(0, 1),
});

export const mistakes: Record<string, Mistake> = {
  'write the captured document back': { service: writeTheCaptureBack },
  'capture after the first write': { service: captureAfterTheFirstWrite },
  'restore without looking': { service: restoreWithoutLooking },
  'believe a 200': { port: believeTwoHundred },
  'forget what was tried': { service: forgetWhatWasTried },
  'report nothing before a write': { service: blockWithoutReporting },
  'take for ours what others took': { service: takeWhatOthersTook },
  'no second look': { noSecondLook: true },
  'no If-Match': {
    request: ({ headers: { 'if-match': _version, ...headers }, ...asked }) => ({ ...asked, headers }),
  },
  'say nothing of what is lost': { service: saysNothingOfWhatIsLost },
  'delete the account on revocation': { service: deleteOnRevoke },
  'believe a filter': { answer: believeAFilter },
  'believe a page': { answer: believeAPage },
  'take one 404 for a deletion': { port: takeOne404ForADeletion },
  'take what is not shown for no': { port: takeSilenceForNo },
  'ignore what a suspension costs': { service: ignoreWhatASuspensionCosts },
  'write in one way only': { port: writeInOneWayOnly },
  'leave a reactivation unobserved': { service: leaveAReactivation },
  'ignore the other members': { port: ignoreOtherMembers },
  'hold one account only': { port: holdOneAccountOnly },
};

async function give(port: AccessPort, account: CapturedAccount, active: boolean, signal: AbortSignal) {
  await port.setActive(account, active, signal);
  for (const group of account.groups) await port.addToGroup(account.id, group, signal);
}

const filterOf = (path: string): string => new URLSearchParams(path.split('?')[1]).get('filter') ?? '';
