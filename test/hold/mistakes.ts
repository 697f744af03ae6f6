/** Deliberate mistakes in the hold. Each is something that a product has been seen to do, or that a hurried change would do. */
import { nothing, type CapturedAccount } from '../../src/exit/hold-facts.js';
import type { PatchOperation, ScimClient } from '../../src/services/protocols/scim.js';
import type { ScimResource } from '../../src/services/protocols/scim-resource.js';
import type { AccessService } from '../../src/services/access/access.js';
import type { Mistake } from './lane.js';

type Service = (real: AccessService, client: ScimClient) => AccessService;

const suspend: PatchOperation = { op: 'replace', path: 'active', value: false };
const join = (id: string): PatchOperation => ({ op: 'add', path: 'members', value: [{ value: id }] });
const leave = (id: string): PatchOperation => ({ op: 'remove', path: `members[value eq "${id}"]` });

/** Sets active and all captured groups as the capture has them, whatever they are by now. */
const writeTheCaptureBack: Service = (real, client) => ({
  ...real,
  async restore(account, taken, signal) {
    const user = await client.getUser(account.id, signal);
    if (user) {
      await client.patch('Users', user, { op: 'replace', path: 'active', value: account.active }, signal);
      for (const group of account.groups) await put(client, group.id, join(account.id), signal);
    }
    return { restoredAt: '', givenBack: taken, notes: [] };
  },
});

const captureAfterTheFirstWrite: Service = (real, client) => ({
  ...real,
  async capture(employeeId, hold, signal) {
    const { account } = await real.capture(employeeId, hold, signal);
    if (account) await takeAll(client, account, hold.kind, signal);
    return real.capture(employeeId, hold, signal);
  },
});

/** Gives everything that was captured, whether the hold took it or not. */
const restoreWithoutLooking: Service = (real, client) => ({
  ...real,
  async restore(account, taken, signal) {
    const user = await client.getUser(account.id, signal);
    if (user) await client.patch('Users', user, { op: 'replace', path: 'active', value: true }, signal);
    for (const group of account.groups) await put(client, group.id, join(account.id), signal);
    return { restoredAt: '', givenBack: taken, notes: [] };
  },
});

/** Takes the answer to a write for the fact. */
function believeTwoHundred(real: ScimClient): ScimClient {
  const believed = new Map<string, boolean>();
  return {
    ...real,
    async patch(type, resource, operation, signal) {
      const answer = await real.patch(type, resource, operation, signal);
      if (answer !== 'answered') return answer;
      if (type === 'Users') believed.set(resource.id, operation.value === true);
      else believed.set(resource.id, operation.op === 'add');
      return answer;
    },
    async getUser(id, signal) {
      const belief = believed.get(id);
      believed.delete(id);
      const user = await real.getUser(id, signal);
      return user && belief !== undefined ? { ...user, active: belief } : user;
    },
    async groupsOf(userId, signal) {
      const groups = await real.groupsOf(userId, signal);
      const seen = groups.filter(({ id }) => believed.get(id) !== false);
      for (const [id, isIn] of believed) {
        if (isIn && !seen.some((group) => group.id === id))
          seen.push({ id, displayName: '', meta: undefined, members: undefined });
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
  async revoke(employeeId, captured, signal) {
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

export const mistakes: Record<string, Mistake> = {
  'write the captured document back': { service: writeTheCaptureBack },
  'capture after the first write': { service: captureAfterTheFirstWrite },
  'restore without looking': { service: restoreWithoutLooking },
  'believe a 200': { client: believeTwoHundred },
  'forget what was tried': { service: forgetWhatWasTried },
  'report nothing before a write': { service: blockWithoutReporting },
  'take for ours what others took': { service: takeWhatOthersTook },
  'no second look': { noSecondLook: true },
  'no If-Match': {
    request: ({ headers: { 'if-match': _version, ...headers }, ...asked }) => ({ ...asked, headers }),
  },
  'say nothing of what is lost': { service: saysNothingOfWhatIsLost },
  'delete the account on revocation': { service: deleteOnRevoke },
};

async function put(client: ScimClient, groupId: string, operation: PatchOperation, signal: AbortSignal) {
  const group: ScimResource | undefined = await client.getGroup(groupId, signal);
  if (group) await client.patch('Groups', group, operation, signal);
}

async function takeAll(client: ScimClient, account: CapturedAccount, kind: string, signal: AbortSignal) {
  const user = await client.getUser(account.id, signal);
  if (user && kind === 'suspend') await client.patch('Users', user, suspend, signal);
  for (const { id } of account.groups) await put(client, id, leave(account.id), signal);
}
