/** What a group has of a member besides the id, such as a role or an end: a removal takes it, and a restore gives it back. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing } from '../../src/exit/hold-facts.js';
import { finalFailure } from '../support/failures.js';
import {
  newAccess,
  scimError,
  stripsTheSuspended,
  withOddServer,
  type Json,
} from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const DANA = { employeeId: 'E-1' };
const HOLD = { kind: 'groups' as const, groups: ['production'] };
const OWNER = { role: 'OWNER', expires: '2027-12-01T00:00:00Z' };

describe('on a SCIM server whose members have more than an id', () => {
  const server = withOddServer();
  beforeEach(() => {
    for (const [n, id] of ['dana', 'ravi'].entries())
      server.users.push({ id, userName: id, externalId: `E-${n + 1}`, active: true });
    const named = { type: 'User', display: 'Dana', $ref: '../Users/dana' };
    server.addGroup('production', { value: 'dana', ...named, ...OWNER }, { value: 'ravi', role: 'MEMBER' });
  });
  const entryOf = (id: string) =>
    (server.group('production')['members'] as Json[]).find(({ value }) => value === id);

  /** Each process remembers what the step before it has recorded. */
  async function heldAndRestored() {
    const captured = await newAccess(server).capture(DANA, HOLD, signal);
    const [account] = captured.accounts;
    const trying = () => Promise.resolve();
    const { taken } = await newAccess(server).block(account!, HOLD, nothing, trying, signal);
    assert.equal(entryOf('dana'), undefined);
    return newAccess(server).restore(account!, taken, signal, { employee: DANA });
  }

  it('gives back the role and the end', async () => {
    const { notes } = await heldAndRestored();
    assert.deepEqual(entryOf('dana'), { value: 'dana', ...OWNER });
    assert.deepEqual(notes, []);
  });

  const refusesTheRest = (): void =>
    server.odd(({ method, body }, usual) => {
      const [operation] = (method === 'PATCH' && body?.Operations) || [];
      const isFuller = operation?.op === 'add' && Object.keys((operation.value as Json[])[0]!).length > 1;
      return isFuller ? scimError(400, 'unknown attribute role', { scimType: 'invalidSyntax' }) : usual();
    });
  const withoutEnd = (): void => void delete entryOf('dana')!['expires'];

  it('gives back the membership alone where the server refuses the rest, and says what is missing', async () => {
    withoutEnd();
    refusesTheRest();
    const { notes } = await heldAndRestored();
    assert.deepEqual(entryOf('dana'), { value: 'dana' });
    assert.match(notes.join(), /not given back: .* production .*role "OWNER"/);
  });

  it('gives no membership back without its end: a person decides', async () => {
    refusesTheRest();
    const reason = await finalFailure(FailureType.NotGivenBack, heldAndRestored());
    assert.match(
      reason,
      /production .*unknown attribute role.*it is not given without its end, expires "2027/,
    );
    assert.equal(entryOf('dana'), undefined);
  });

  for (const [name, value] of [
    ['expires', '2024-01-31T00:00:00Z'],
    ['expiresAt', 1_706_659_200],
    ['validity', { start: '2023-01-31', end: '01/31/2024' }],
  ] as const)
    it(`gives no membership back that has ended meanwhile, by ${name}`, async () => {
      withoutEnd();
      entryOf('dana')![name] = value;
      const reason = await finalFailure(FailureType.NotGivenBack, heldAndRestored());
      assert.match(reason, new RegExp(`production .*it has ended meanwhile, by ${name} `));
      assert.equal(entryOf('dana'), undefined);
    });

  const takesItAlone = (): void =>
    server.odd(({ method, body }, usual) => {
      const [operation] = (method === 'PATCH' && body?.Operations) || [];
      if (operation?.op === 'add') operation.value = [{ value: 'dana', role: 'MEMBER' }];
      return usual();
    });

  it('says what is missing where the server takes the membership alone', async () => {
    withoutEnd();
    takesItAlone();
    const { notes } = await heldAndRestored();
    assert.match(notes.join(), /not given back: .* production .*role "OWNER"/);
  });

  it('is not said to be restored where the server takes the membership without its end', async () => {
    takesItAlone();
    const reason = await finalFailure(FailureType.NotGivenBack, heldAndRestored());
    assert.match(reason, /production .*is there without its end, expires "2027/);
  });

  it('has a person look at the end of a membership that a suspension cost, where another one has an end', async () => {
    const suspend = { kind: 'suspend' as const };
    Object.assign(entryOf('ravi')!, OWNER);
    server.odd(stripsTheSuspended(server));
    const [account] = (await newAccess(server).capture(DANA, suspend, signal)).accounts;
    const trying = () => Promise.resolve();
    const { taken } = await newAccess(server).block(account!, suspend, nothing, trying, signal);
    const restoring = newAccess(server).restore(account!, taken, signal, { employee: DANA });
    const reason = await finalFailure(FailureType.NotGivenBack, restoring);
    assert.match(reason, /the end of the membership in production, where others have one/);
  });

  it('a retry after a lost answer still knows them', async () => {
    const captured = await newAccess(server).capture(DANA, HOLD, signal);
    const [account] = captured.accounts;
    let tried = nothing;
    const trying = (taken: typeof nothing) => Promise.resolve(void (tried = structuredClone(taken)));
    let isLost = true;
    server.odd(({ method }, usual) => {
      const answer = usual();
      return method === 'PATCH' && isLost ? { status: 504, body: 'Gateway Timeout' } : answer;
    });
    await assert.rejects(newAccess(server).block(account!, HOLD, nothing, trying, signal));
    isLost = false;
    const { taken } = await newAccess(server).block(account!, HOLD, tried, trying, signal);
    await newAccess(server).restore(account!, taken, signal, { employee: DANA });
    assert.deepEqual(entryOf('dana'), { value: 'dana', ...OWNER });
  });
});
