import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ConfigError } from '../../src/config/config-error.js';
import { parseConfig } from '../../src/config/config.js';
import { FailureType } from '../../src/exit/failures.js';
import { createAccess } from '../../src/services/from-config.js';
import { finalFailure } from '../support/failures.js';
import { sampleText } from '../support/sample-config.js';
import { scratchFolder } from '../support/temporal.js';

const { signal } = new AbortController();

/** A port that knows one account. */
const port = `{
  system,
  capabilities: async () => ({ conditionalWrites: true, settleMs: 0, restore: 'exact' }),
  find: async ({ attribute, value }) => [
    { account: { id: '1', userName: options.login, identities: [secret('LEDGER_TOKEN')], active: true }, value },
  ],
  read: async () => undefined,
  setActive: async () => ({ kind: 'gone' }),
  groupsOf: async () => [],
  findGroup: async () => [],
  hasOtherActiveMember: async () => 'cannot tell',
  removeFromGroup: async () => ({ kind: 'gone' }),
  addToGroup: async () => ({ kind: 'gone' }),
}`;
const making = (what: string): string =>
  `export default ({ system, options, secret, requestTimeoutMs, pace, failures }) => (${what});`;

let made = 0;

/** The services of a configuration in a folder of its own, with this adapter beside it. */
async function load(
  code: string | undefined,
  fields = '',
  env: Record<string, string> = { LEDGER_TOKEN: 't' },
) {
  const folder = path.join(await scratchFolder(), `own-${++made}`);
  await mkdir(path.join(folder, 'adapters'), { recursive: true });
  if (code !== undefined) await writeFile(path.join(folder, 'adapters', 'ledger.mjs'), code);
  const system = [
    '  - name: ledger',
    '    protocol: own',
    '    adapter: ./adapters/ledger.mjs',
    '    options: { login: nora }',
    `    hold: suspend\n${fields}`,
  ].join('\n');
  const text = sampleText.slice(0, sampleText.indexOf('\nsystems:'));
  return createAccess(
    parseConfig(`${text}\nsystems:\n${system}`, path.join(folder, 'ems.config.yaml'), {
      DIRECTORY_SCIM_TOKEN: 'd',
      ...env,
    }),
  );
}

describe('an adapter of your own', () => {
  it('is a module beside the configuration, and is given its options and its secrets', async () => {
    const access = await load(making(port));
    const { accounts } = await access
      .get('ledger')!
      .capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
    const { membershipsAt, ...account } = accounts[0]!;
    assert.ok(membershipsAt);
    assert.deepEqual(account, {
      id: '1',
      userName: 'nora',
      identities: ['t'],
      active: true,
      groups: [],
      memberships: [],
      membershipCount: 0,
    });
  });

  it('finds accounts by the keys of the configuration, or by the employee id', async () => {
    const by = port.replace('userName: options.login', 'userName: `${attribute}=${value}`');
    const names = await Promise.all(
      ['', '    match: [{ card: "c-{employeeId}" }]\n'].map(async (fields) => {
        const access = await load(making(by), fields);
        return (await access.get('ledger')!.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal))
          .accounts[0]?.userName;
      }),
    );
    assert.deepEqual(names, ['employeeId=E-1', 'card=c-E-1']);
  });

  it('is asked what else an account shows, so that a login that has passed on finds no stranger', async () => {
    const asked = port.replace(
      /find: async .*\n.*\n {2}\],/,
      `find: async ({ attribute, value }, signal, others = []) => attribute === 'employeeId' ? [] : [
        {
          account: { id: '1', userName: value, identities: [], active: true },
          value,
          shown: Object.fromEntries(others.map((other) => [other, ['E-7']])),
        },
      ],`,
    );
    assert.notEqual(asked, port);
    const match = '    match: [{ employeeId: "{employeeId}" }, { login: "{login}" }]\n';
    const access = await load(making(asked), match);
    const capturing = access
      .get('ledger')!
      .capture({ employeeId: 'E-1', login: 'dana' }, { kind: 'suspend' }, signal);
    assert.match(await finalFailure(FailureType.Ambiguous, capturing), /employeeId E-7/);
  });

  it('waits for the rate limit of its system where it asks', async () => {
    const paced = port
      .replace(
        'find: async ({ attribute, value }) => [',
        'find: async ({ value }, signal) => (await pace(signal), await pace(signal), [',
      )
      .replace('active: true }, value },\n  ],', 'active: true }, value },\n  ]),');
    const started = Date.now();
    const access = await load(making(paced), '    rateLimit: { requestsPerSecond: 5 }\n');
    await access.get('ledger')!.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
    assert.ok(Date.now() - started >= 150, 'one interval between two requests');
  });

  it('says by its failures what no retry changes', async () => {
    const failing = port
      .replace(
        'find: async ({ attribute, value }) => [',
        "find: async ({ value }) => { throw new failures.FinalFailure('CannotTell', 'the ledger is closed'); return [",
      )
      .replace('active: true }, value },\n  ],', 'active: true }, value },\n  ]; },');
    const access = await load(making(failing));
    const capturing = access.get('ledger')!.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
    assert.equal(await finalFailure(FailureType.CannotTell, capturing), 'the ledger is closed');
  });

  const answers: [what: string, was: string, is: string, message: RegExp][] = [
    [
      'an account without the value that it was found by',
      'active: true }, value },',
      'active: true } },',
      /^cannot tell: the adapter of ledger answered find with .*\[0\]\.value: .*: mend the adapter$/,
    ],
    [
      'no list of accounts',
      'async ({ attribute, value }) => [',
      'async ({ attribute, value }) => undefined && [',
      /find/,
    ],
    ['a word for a state', 'active: true }', "active: 'false' }", /find .*\[0\]\.account\.active: /],
    ['a number for a group', 'groupsOf: async () => []', 'groupsOf: async () => [7]', /groupsOf .*\[0\]: /],
  ];
  for (const [what, was, is, message] of answers)
    it(`cannot tell where it answers with ${what}`, async () => {
      assert.ok(port.includes(was));
      const access = await load(making(port.replace(was, is)));
      const hold = { kind: 'groups' as const, groups: ['production'] };
      const capturing = access.get('ledger')!.capture({ employeeId: 'E-1' }, hold, signal);
      assert.match(await finalFailure(FailureType.CannotTell, capturing), message);
    });

  /** With an account that is active. */
  const held = (...changes: [was: string, is: string][]): string => {
    const active = "({ id: '1', userName: 'nora', identities: [], active: true })";
    const all: typeof changes = [['read: async () => undefined', `read: async () => ${active}`], ...changes];
    return all.reduce((code, [was, is]) => {
      assert.ok(code.includes(was), was);
      return code.replace(was, is);
    }, port);
  };
  const block = async (code: string) => {
    const service = (await load(making(code))).get('ledger')!;
    const hold = { kind: 'suspend' } as const;
    const { accounts } = await service.capture({ employeeId: 'E-1' }, hold, signal);
    const tried = { suspended: false, groups: [] };
    return service.block(accounts[0]!, hold, tried, () => Promise.resolve(), signal);
  };

  it('cannot tell where a search finds an account by another value alone, and drops it beside the right one', async () => {
    const hit = (id: string, value: string) =>
      `{ account: { id: '${id}', userName: '${value}', identities: [], active: true }, value: '${value}' }`;
    const finding = (hits: string) =>
      port.replace(/find: async .*\n.*\n {2}\],/, `find: async () => [${hits}],`);
    const match = '    match: [{ login: "{login}" }]\n';
    const capture = async (hits: string) =>
      (await load(making(finding(hits)), match))
        .get('ledger')!
        .capture({ employeeId: 'E-1', login: 'dana' }, { kind: 'suspend' }, signal);
    const reason = await finalFailure(FailureType.CannotTell, capture(hit('7', 'dana.marsh')));
    assert.match(reason, /asked for login "dana", and found dana\.marsh \(7\) by "dana\.marsh"/);
    const { accounts } = await capture(`${hit('7', 'dana.marsh')}, ${hit('1', 'Dana')}`);
    assert.deepEqual(
      accounts.map(({ id }) => id),
      ['1'],
    );
  });

  it('cannot tell where it reads another account than the one asked for', async () => {
    const code = held(["({ id: '1', userName: 'nora'", "({ id: '2', userName: 'ravi'"]);
    const reason = await finalFailure(FailureType.CannotTell, block(code));
    assert.match(reason, /asked for the account 1, and answered with ravi \(2\)/);
  });

  it('says why where it does not understand a write, and gives no reason of its own', async () => {
    const refusal = "({ kind: 'refused', why: 'form', detail: 'no such call' })";
    const code = held(["setActive: async () => ({ kind: 'gone' })", `setActive: async () => ${refusal}`]);
    const reason = await finalFailure(FailureType.Refused, block(code));
    assert.match(reason, /ledger does not understand setActive: no such call/);
  });

  it('may answer null for an account that was deleted', async () => {
    const { notes } = await block(port.replace('read: async () => undefined', 'read: async () => null'));
    assert.deepEqual(notes, ['the account no longer exists']);
  });

  it('is not believed where it answers that the sessions were not ended', async () => {
    const ending = (answer: string) =>
      block(
        held(
          ['active: true })', 'active: globalThis.ledgerIsActive !== false })'],
          [
            "setActive: async () => ({ kind: 'gone' })",
            "setActive: async () => (globalThis.ledgerIsActive = false, { kind: 'written' })",
          ],
          ['system,', `system, endSessions: async () => (${answer}),`],
        ),
      ).finally(() => Reflect.deleteProperty(globalThis, 'ledgerIsActive'));
    for (const answer of ["{ ok: false, error: 'missing_scope' }", 'false'])
      assert.match(
        await finalFailure(FailureType.CannotTell, ending(answer)),
        /answered endSessions with .*false/,
      );
    await ending('{ ok: true }');
  });

  it('cannot tell where it answers with false whether a protected group has another active member', async () => {
    const active = "({ id: '1', userName: 'nora', identities: [], active: true })";
    const group = "{ group: { id: 'g', displayName: 'admins' }, via: 'direct', changeable: true }";
    const code = port
      .replace('read: async () => undefined', `read: async () => ${active}`)
      .replace('groupsOf: async () => []', `groupsOf: async () => [${group}]`)
      .replace("hasOtherActiveMember: async () => 'cannot tell'", 'hasOtherActiveMember: async () => false');
    const access = await load(making(code), '    protectedGroups: [admins]\n');
    const service = access.get('ledger')!;
    const { accounts } = await service.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
    const blocking = service.block(
      accounts[0]!,
      { kind: 'suspend' },
      { suspended: false, groups: [] },
      () => Promise.resolve(),
      signal,
    );
    const reason = await finalFailure(FailureType.MaybeLastOfProtectedGroup, blocking);
    assert.match(reason, /the adapter of ledger answered hasOtherActiveMember with something else/);
  });

  const mistakes: [what: string, code: string | undefined, message: RegExp][] = [
    ['is missing', undefined, /Cannot find module '.*adapters\/ledger\.mjs'/],
    ['does not parse', 'export default (', /Unexpected end of input/],
    ['fails', making('missing()'), /missing is not defined/],
    ['has no default export', 'export const make = 1;', /ledger\.mjs must export a function as its default/],
    ['makes no object', making('undefined'), /default export of .*ledger\.mjs must return the adapter/],
    [
      'lacks its name',
      making(port.replace('  system,\n', '')),
      /must have the member "system", here "ledger"/,
    ],
    [
      'lacks a function',
      making(port.replace(/ {2}(groupsOf|findGroup).*\n/g, '')),
      /must have as functions: groupsOf, findGroup$/,
    ],
    [
      'has something else for a function',
      making(port.replace('system,', 'system, endSessions: 1,')),
      /: endSessions$/,
    ],
  ];
  for (const [what, code, message] of mistakes)
    it(`is refused at the start where it ${what}`, async () => {
      await assert.rejects(load(code), (error: Error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, /^the adapter of ledger cannot be loaded: /);
        assert.match(error.message, message);
        return true;
      });
    });

  it('is refused at the start where a secret is not set, and the field is named', async () => {
    const early = `export default ({ secret }) => secret('LEDGER_TOKEN');`;
    await assert.rejects(
      load(early, '', {}),
      /systems\[0\] \(ledger\): the environment variable LEDGER_TOKEN is not set/,
    );
  });
});
