/** What real SCIM servers answer, and what the hold and the directory make of it. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type HoldKind } from '../../src/exit/hold-facts.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { sessionRevoker } from '../../src/services/access/sessions.js';
import { fullCostOf } from '../../src/exit/cost.js';
import { createDirectoryService } from '../../src/services/directory/directory.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { finalFailure, outage } from '../support/failures.js';
import { byEmployeeId } from '../support/matching.js';
import { list, scimError, withOddServer, type Json, type Odd } from '../support/odd-scim-server.js';
import { sampleConfig } from '../support/sample-config.js';

const { signal } = new AbortController();
const EMPLOYEE_NUMBER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber';

describe('a SCIM server', () => {
  const server = withOddServer();

  const client = () =>
    createScimClient({ name: 'payroll', scimUrl: server.scimUrl, token: 'secret', requestTimeoutMs: 2000 });
  const port = () => createScimAdapter({ scim: client() });
  const dana: Json = { id: 'u-1', userName: 'dana', externalId: 'E-1', active: true };
  const ravi: Json = { id: 'u-2', userName: 'ravi', externalId: 'E-2', active: true };
  /** @returns the ids found */
  const find = async (value: string, attribute = 'externalId', on = port()): Promise<string[]> =>
    (await on.find({ attribute, value }, signal)).map(({ account }) => account.id);
  const group = (id: string, members: unknown, more: Json = {}): Json => ({
    id,
    displayName: id,
    members,
    ...more,
  });
  const groupIds = async (accountId: string, on = port()): Promise<string[]> =>
    (await on.groupsOf(accountId, signal)).map((each) => `${each.group.id} (${each.via})`);
  const when =
    (matches: (asked: Parameters<Odd>[0]) => boolean, answer: ReturnType<Odd>): Odd =>
    (asked, usual) =>
      matches(asked) ? answer : usual();

  describe('that writes values in its own way', () => {
    const odd: [what: string, changes: Json, attribute?: string, value?: string][] = [
      ['mail addresses as strings', { emails: ['dana@acme.example'] }],
      ['"True" for a primary address', { emails: [{ value: 'd@acme.example', primary: 'True' }] }],
      ['one address without a list', { emails: { value: 'd@acme.example' } }],
      ['null for what is not assigned', { displayName: null, name: null, emails: null, meta: null }],
      ['a name that is a string', { name: 'Dana Fox', preferredLanguage: 4, groups: 'none' }],
      ['a number for the employee number', { employeeNumber: 1002 }, 'employeeNumber', '1002'],
      ['no user name', { userName: null }],
      ['names in capitals', { externalId: undefined, EXTERNALID: 'E-1' }],
      [
        'the URN of the extension in another case',
        { 'URN:ietf:params:scim:schemas:extension:enterprise:2.0:user': { EmployeeNumber: '7' } },
        EMPLOYEE_NUMBER,
        '7',
      ],
      ['a whole path as a name', { [EMPLOYEE_NUMBER]: 8 }, EMPLOYEE_NUMBER, '8'],
    ];
    for (const [what, changes, attribute, value = 'E-1'] of odd) {
      it(`is read where it has ${what}`, async () => {
        server.users.push({ ...dana, ...changes }, ravi);
        assert.deepEqual(await find(value, attribute), ['u-1']);
        assert.equal((await port().read({ id: 'u-1' }, signal))?.active, true);
      });
    }

    it('is searched for both forms of a key where some accounts have numbers and some have text', async () => {
      server.users.push({ ...dana, employeeNumber: '1001' }, { ...ravi, employeeNumber: 1002 });
      server.odd(({ filter, query }, usual) => {
        if (filter?.attribute !== 'employeeNumber') return usual();
        const literal = query.get('filter')!.replace(/^.* eq /, '');
        return list(server.users.filter((each) => JSON.stringify(each['employeeNumber']) === literal));
      });
      const same = port();
      for (const [value, id] of [
        ['1001', 'u-1'],
        ['1002', 'u-2'],
        ['1001', 'u-1'],
      ] as const)
        assert.deepEqual(await find(value, 'employeeNumber', same), [id]);
      assert.deepEqual(await find('1003', 'employeeNumber', same), []);
    });

    it('is read where an id is a number, also one longer than a double holds', async () => {
      server.odd(({ filter }) => {
        const body = `{"totalResults":1,"Resources":[{"id":12345678901234567890,"externalId":"E-1","active":true}]}`;
        const headers = { 'content-type': 'application/json' };
        return filter ? { status: 200, headers, body } : list([]);
      });
      assert.deepEqual(await find('E-1'), ['12345678901234567890']);
      server.reset();
      server.users.push({ ...dana, id: 4711 });
      server.groups.push(group('g-1', [{ value: 4711 }, '4712']));
      assert.deepEqual(await find('E-1'), ['4711']);
      assert.deepEqual(await groupIds('4711'), ['g-1 (direct)']);
      assert.deepEqual(await port().membersOf!('g-1', signal), {
        ids: ['4711', '4712'],
        isComplete: true,
        groupName: 'g-1',
        version: undefined,
      });
    });

    it('finds a number that no string equals', async () => {
      server.users.push({ ...dana, badge: 1002 });
      server.odd(({ query, filter }, usual) =>
        filter?.attribute === 'badge' && query.get('filter')!.includes('"') ? list([]) : usual(),
      );
      assert.deepEqual(await find('1002', 'badge'), ['u-1']);
    });

    it('gives a group without a name its id for a name', async () => {
      server.users.push(dana);
      server.groups.push(group('g-1', [{ value: 'u-1' }], { displayName: null }));
      assert.deepEqual(await groupIds('u-1'), ['g-1 (direct)']);
    });

    for (const [active, seen] of [
      ['True', true],
      ['FALSE', false],
      [1, true],
      ['0', false],
      [null, undefined],
      [undefined, undefined],
      ['perhaps', undefined],
    ] as const) {
      it(`shows an account that is ${seen ?? 'neither active nor inactive'} by ${JSON.stringify(active)}`, async () => {
        server.users.push({ ...dana, active });
        assert.equal((await port().read({ id: 'u-1' }, signal))?.active, seen);
      });
    }

    it('has the employee found beside a broken neighbour, and stops where the broken one may be the employee', async () => {
      server.users.push(dana);
      const besides = (broken: unknown): void =>
        server.odd(({ filter }, usual) => (filter?.value === 'E-1' ? list([dana, broken]) : usual()));
      besides({ externalId: 'E-10', id: null });
      assert.deepEqual(await find('E-1'), ['u-1']);
      for (const broken of [{ externalId: 'E-1', id: null }, { id: {} }, 'text', null]) {
        besides(broken);
        assert.match(
          await finalFailure(FailureType.CannotTell, find('E-1')),
          /^cannot tell: payroll lists one of the Users where externalId is "E-1" without a readable id/,
        );
      }
    });

    it('is read as the directory: the employee and the manager', async () => {
      const boss = {
        id: 9,
        userName: 'ravi',
        emails: ['ravi@acme.example'],
        name: { formatted: 'Ravi Menon' },
      };
      server.users.push(
        { ...dana, emails: [{ value: 4 }, { value: 'dana@acme.example', primary: 'true' }], manager: null },
        boss,
      );
      server.users[0]!['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'] = {
        manager: { value: 9 },
      };
      const directory = createDirectoryService({
        scim: client(),
        fallbacks: [sampleConfig.contacts.hrPartners[0]],
      });
      const { email, manager } = await directory.lookUp('E-1', signal);
      assert.deepEqual(
        [email, manager.name, manager.email],
        ['dana@acme.example', 'Ravi Menon', 'ravi@acme.example'],
      );
    });
  });

  describe('that lists in its own way', () => {
    beforeEach(
      () => void server.users.push(...Array.from({ length: 5 }, (_, i) => ({ ...dana, id: `u-${i}` }))),
    );
    const all = ['u-0', 'u-1', 'u-2', 'u-3', 'u-4'];
    /** Pages of two, which the server counts in its own way. */
    const pages =
      (counted: (total: number) => number | string | undefined, startOf = (index: number) => index): Odd =>
      ({ id, query, filter }, usual) => {
        if (id !== undefined || filter?.value !== 'E-1') return usual();
        const start = startOf(Number(query.get('startIndex'))) - 1;
        const page = list(server.users.slice(start, start + 2));
        return { ...page, body: { ...(page.body as Json), totalResults: counted(5) } };
      };

    it('is read to its end although it counts only the page', async () => {
      server.odd(pages(() => 2));
      assert.deepEqual(await find('E-1'), all);
    });
    it('is read to its end where it does not count, or in letters', async () => {
      server.odd(pages(() => undefined));
      assert.deepEqual(await find('E-1'), all);
      server.odd(pages(String));
      assert.deepEqual(await find('E-1'), all);
    });
    it('is not believed where it gives the first page again and again', async () => {
      server.odd(
        pages(
          (total) => total,
          () => 1,
        ),
      );
      assert.match(
        await finalFailure(FailureType.CannotTell, find('E-1')),
        /^cannot tell: payroll shows only some of the Users that it counts where externalId eq "E-1"/,
      );
    });
    it('is not believed where its pages overlap, so that one account is missing', async () => {
      server.odd(
        pages(
          (total) => total,
          (index) => Math.max(1, index - 1),
        ),
      );
      server.users.length = 4;
      await finalFailure(FailureType.CannotTell, find('E-1'));
    });
    it('is read in few requests where the list is long, also where it refuses long pages', async () => {
      server.users.push(...Array.from({ length: 2995 }, (_, i) => ({ ...dana, id: `x-${i}` })));
      assert.equal((await find('E-1')).length, 3000);
      assert.ok(server.seen.length < 8, `${server.seen.length} requests`);
      server.odd(({ query }, usual) =>
        Number(query.get('count')) > 100 ? scimError(400, 'at most 100') : usual(),
      );
      assert.equal((await find('E-1')).length, 3000);
    });
    it('is not believed where it counts a hit and shows none', async () => {
      server.odd(() => list([], 1));
      await finalFailure(FailureType.CannotTell, find('E-1'));
    });

    for (const status of [400, 501]) {
      it(`is asked without pages where it answers them with ${status}, once`, async () => {
        server.odd(({ query }, usual) =>
          query.has('startIndex') || query.has('count') ? scimError(status, 'no paging') : usual(),
        );
        const same = port();
        assert.deepEqual(await find('E-1', 'externalId', same), all);
        assert.deepEqual(await find('E-1', 'externalId', same), all);
        assert.equal(server.seen.filter(({ query }) => query.has('startIndex')).length, 1);
      });

      it(`cannot be asked where it answers every list with ${status}`, async () => {
        server.odd(() => scimError(status, 'no lists here'));
        assert.match(
          await finalFailure(FailureType.CannotTell, find('E-1')),
          /^cannot tell: payroll cannot be asked: .*no lists here/,
        );
      });
    }

    it('has no account where it answers a filter without a hit with 204, and is not believed where it lists so', async () => {
      server.odd(({ id, filter }, usual) =>
        id === undefined && filter && filter.value !== 'E-1' ? { status: 204 } : usual(),
      );
      assert.deepEqual(await find('E-9'), []);
      assert.deepEqual(await find('E-1'), all);
      server.odd(() => ({ status: 204 }));
      await outage(find('E-9'));
    });

    it('has no account where it answers a filter without a hit with 404 in SCIM, and is not believed without SCIM', async () => {
      server.odd(({ id, filter }, usual) =>
        id === undefined && filter && filter.value !== 'E-1' ? scimError(404, 'none') : usual(),
      );
      assert.deepEqual(await find('E-9'), []);
      assert.deepEqual(await find('E-1'), all);
      server.odd(() => ({ status: 404, body: { message: 'no route' } }));
      await finalFailure(FailureType.Refused, find('E-9'));
      server.odd(() => scimError(404, 'no such endpoint'));
      await finalFailure(FailureType.Refused, find('E-9'));
      server.odd(() => ({ status: 404, body: '<html>not here</html>' }));
      assert.match(await outage(find('E-9')), /a proxy or a maintenance page/);
    });
  });

  describe('that does not understand a filter', () => {
    beforeEach(() => void server.users.push(dana, ravi));
    const kinds: [what: string, answer: (type: string) => ReturnType<Odd>][] = [
      ['answers it with everything', (type) => list(type === 'Users' ? server.users : server.groups)],
      ['answers it with nothing', () => list([])],
      ['refuses it', () => scimError(400, 'unsupported', { scimType: 'invalidFilter' })],
    ];
    for (const [what, answer] of kinds) {
      it(`and ${what}, is read whole instead, and remembered so`, async () => {
        server.groups.push(
          group('g-1', [{ value: 'u-1' }]),
          group('g-2', [{ value: 'u-2' }]),
          group('g-3', undefined),
        );
        server.odd(({ type, filter }, usual) => (filter ? answer(type) : usual()));
        const same = port();
        assert.deepEqual(await find('E-2', 'externalId', same), ['u-2']);
        assert.deepEqual(await find('E-9', 'externalId', same), []);
        assert.deepEqual(await groupIds('u-1', same), ['g-1 (direct)']);
        server.seen.length = 0;
        assert.deepEqual(await find('E-1', 'externalId', same), ['u-1']);
        assert.deepEqual(
          server.seen.filter(({ filter }) => filter),
          [],
        );
      });

      it(`and ${what}, cannot be asked where it is large or hides the value`, async () => {
        server.odd(({ type, filter }, usual) => (filter ? answer(type) : usual()));
        server.users.push(
          ...Array.from({ length: 2100 }, (_, i) => ({ ...ravi, id: `x-${i}`, externalId: `X-${i}` })),
        );
        assert.match(await finalFailure(FailureType.CannotTell, find('E-9')), /has more than 2000 Users/);
      });
    }

    it('has no account only where a list shows users that it knows by their ids, too', async () => {
      const made = { id: '1', userName: 'synthesis_user', externalId: 'synthesis', active: false };
      server.odd(({ type, id, filter }, usual) =>
        type === 'Users' && id === undefined ? list(filter ? [] : [made]) : usual(),
      );
      const service = createAccessService({ port: port(), match: byEmployeeId('externalId') });
      const capturing = service.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
      assert.match(
        await finalFailure(FailureType.CannotTell, capturing),
        /ids it does not know, such as synthesis_user/,
      );
    });

    it('finds a login or an address that the directory writes with capitals, where the filter heeds the case', async () => {
      server.users.push(
        ...Array.from({ length: 150 }, (_, i) => ({ ...ravi, id: `x-${i}`, userName: `x-${i}`, emails: [] })),
        { id: 'u-9', userName: 'kim.fox', emails: [{ value: 'kim.fox@acme.example' }], active: true },
      );
      const kim = { employeeId: 'E-9', login: 'Kim.Fox', email: 'Kim.Fox@acme.example' };
      for (const [attribute, template] of [
        ['userName', '{login}'],
        ['emails.value', '{email}'],
      ] as const) {
        const service = createAccessService({ port: port(), match: [{ attribute, template }] });
        const { accounts } = await service.capture(kim, { kind: 'suspend' }, signal);
        assert.deepEqual(
          accounts.map(({ id }) => id),
          ['u-9'],
        );
      }
    });

    it('has no account only where some account shows the key', async () => {
      const service = createAccessService({
        port: port(),
        match: byEmployeeId('externalId', EMPLOYEE_NUMBER),
      });
      const capture = () => service.capture({ employeeId: 'E-9' }, { kind: 'suspend' }, signal);
      assert.deepEqual((await capture()).accounts, []);
      server.users.splice(0, 2, { id: 'u-1', userName: 'dana' });
      const other = createAccessService({ port: port(), match: byEmployeeId('externalId', EMPLOYEE_NUMBER) });
      assert.match(
        await finalFailure(
          FailureType.CannotTell,
          other.capture({ employeeId: 'E-9' }, { kind: 'suspend' }, signal),
        ),
        /^cannot tell: no account on payroll shows externalId or urn:.*:employeeNumber, so that none can be found by it: configure/,
      );
      server.users.length = 0;
      assert.match(await finalFailure(FailureType.CannotTell, capture()), /payroll shows no user at all/);
    });

    it('stops where it finds an account by another value, and gives both', async () => {
      server.odd(({ filter }, usual) => (filter?.value === '1' ? list([dana]) : usual()));
      assert.equal(
        await finalFailure(FailureType.CannotTell, find('1')),
        'cannot tell: payroll finds by externalId "1" an account with another value: dana (E-1). Look there whose it is, and mend externalId',
      );
    });

    it('takes the exact one where it finds others too', async () => {
      server.users.push({ ...dana, id: 'u-10', externalId: 'E-10' });
      server.odd(({ filter }, usual) =>
        filter?.value === 'E-1' ? list(server.users.filter((each) => each !== ravi)) : usual(),
      );
      assert.deepEqual(await find('E-1'), ['u-1']);
    });

    it('is asked for an attribute that it shows on request only, and stops where it never shows it', async () => {
      const { externalId: _, ...hidden } = dana;
      server.odd(({ filter, id, query }, usual) => {
        if (filter) return list(filter.value === 'E-1' ? [hidden] : []);
        return id === 'u-1' && !query.has('attributes') ? { status: 200, body: hidden } : usual();
      });
      assert.deepEqual(await find('E-1'), ['u-1']);
      server.odd(({ filter }) =>
        filter ? list(filter.value === 'E-1' ? [hidden] : []) : { status: 200, body: hidden },
      );
      assert.match(
        await finalFailure(FailureType.CannotTell, find('E-1')),
        /another value: dana \(not shown\)/,
      );
    });

    it('gives the groups that it finds by another name', async () => {
      server.groups.push(group('g-1', [], { displayName: 'PRIMARY/admins' }));
      server.odd(({ filter }, usual) => (filter?.value === 'admins' ? list(server.groups) : usual()));
      assert.deepEqual(await port().findGroup('admins', signal), [
        { id: 'g-1', displayName: 'PRIMARY/admins' },
      ]);
    });

    it('is not believed where it answers with another resource', async () => {
      server.odd(when(({ id }) => id === 'u-1', { status: 200, body: ravi }));
      assert.match(await outage(port().read({ id: 'u-1' }, signal)), /not that resource: its id is u-2/);
    });
  });

  describe('with groups in groups', () => {
    beforeEach(() => {
      server.users.push(dana);
      server.groups.push(
        group('production', [{ value: 'sre', type: 'Group' }]),
        group('sre', [{ value: 'oncall' }]),
        group('oncall', [{ value: 'u-1' }, { value: 'production' }]),
      );
    });

    it('tells by which group an access comes, also in a circle', async () => {
      const standing = async (id: string) => {
        const { members: _members, ...told } = await port().standingIn!('u-1', id, () => true, signal);
        return told;
      };
      assert.deepEqual(await standing('production'), { is: 'nested', by: 'oncall' });
      // It comes back to itself by way of the others: without the direct membership there is none.
      assert.deepEqual(await standing('oncall'), { is: 'direct' });
      server.groups[0]!['members'] = [];
      assert.deepEqual(await standing('production'), { is: 'out' });
    });

    it('counts the members of the inner groups', async () => {
      assert.equal(await port().hasOtherActiveMember('production', 'u-1', signal), 'no');
      server.users.push(ravi);
      server.groups[2]!['members'] = [{ value: 'u-1' }, { value: 'u-2' }];
      assert.equal(await port().hasOtherActiveMember('production', 'u-1', signal), 'yes');
      server.users[1] = { ...ravi, active: undefined };
      assert.equal(await port().hasOtherActiveMember('production', 'u-1', signal), 'cannot tell');
    });

    it('shows an outer group as nested where the account shows it without a type', async () => {
      server.users[0] = { ...dana, groups: [{ value: 'oncall' }, { value: 'sre' }] };
      assert.deepEqual(await groupIds('u-1'), ['oncall (direct)', 'sre (nested)']);
    });

    it('is asked at the account for the groups that no list shows', async () => {
      server.groups.push(group('child', [{ value: 'u-1' }]));
      server.users[0] = {
        ...dana,
        groups: [
          { value: 'child', type: 'direct' },
          { value: 'above', display: 'Above', type: 'indirect' },
        ],
      };
      server.odd(({ type, id, filter }, usual) => {
        if (type !== 'Groups' || id !== undefined) return usual();
        const visible = server.groups.filter((each) => each['id'] !== 'child');
        return list(
          filter
            ? visible.filter((each) => JSON.stringify(each['members']).includes(`"${filter.value}"`))
            : visible,
        );
      });
      const memberships = await port().groupsOf('u-1', signal);
      assert.deepEqual(
        memberships.slice(0, 3).map(({ group: { id }, via, changeable }) => [id, via, changeable]),
        [
          ['oncall', 'direct', true],
          ['child', 'direct', true],
          ['above', 'nested', 'payroll shows the group on the account only'],
        ],
      );
    });
  });

  describe('that does not list its members', () => {
    const members: [what: string, members: unknown][] = [
      ['none at all', undefined],
      ['null', null],
      ['an empty list', []],
      ['a list without the account', [{ value: 'u-2' }]],
      ['an odd element', [{ value: 'u-1' }, { value: {} }]],
      [
        'the first 100',
        [{ value: 'u-1' }, ...Array.from({ length: 99 }, (_, i) => ({ value: `gone-${i}` }))],
      ],
    ];
    for (const [what, given] of members) {
      it(`cannot tell who else is in a group with ${what}`, async () => {
        server.users.push(dana, { ...ravi, active: false });
        server.groups.push(group('g-1', given));
        assert.equal(await port().hasOtherActiveMember('g-1', 'u-1', signal), 'cannot tell');
      });
    }

    it('is asked for them', async () => {
      server.users.push(dana, ravi);
      server.groups.push(group('g-1', [{ value: 'u-1' }, { value: 'u-2' }]));
      server.odd(({ id, query }, usual) => {
        const answer = usual();
        if (id !== 'g-1' || query.get('attributes')?.includes('members')) return answer;
        const { members: _, ...rest } = answer.body as Json;
        return { ...answer, body: rest };
      });
      assert.equal(await port().hasOtherActiveMember('g-1', 'u-1', signal), 'yes');
    });
  });

  describe('that takes writes in its own way', () => {
    const suspend = async (on = port()) => {
      const { account } = (await on.find({ attribute: 'externalId', value: 'E-1' }, signal))[0]!;
      return on.setActive(account, false, signal);
    };
    const patches = () => server.seen.filter(({ method }) => method === 'PATCH');
    const conditional =
      (accepted: string | undefined, told: string, etag?: string): Odd =>
      (asked, usual) => {
        if (asked.type === 'ServiceProviderConfig')
          return { status: 200, body: { etag: { supported: 'True' } } };
        if (asked.method === 'PATCH' && asked.headers['if-match'] !== accepted)
          return scimError(412, 'stale');
        server.users[0]!['meta'] = { version: told };
        return { ...usual(), ...(etag && asked.id && { headers: { etag } }) };
      };
    const versions: [what: string, odd: Odd, sent: (string | undefined)[], isConditional: boolean][] = [
      ['strong though it gives it weak', conditional('"a7"', 'W/"a7"'), ['W/"a7"', '"a7"'], true],
      ['not at all', conditional(undefined, 'W/"a7"'), ['W/"a7"', '"a7"', undefined], false],
      ['in quotes though it gives it without', conditional('"7"', '7'), ['7', '"7"'], true],
    ];
    for (const [what, odd, sent, isConditional] of versions) {
      it(`is written to where it wants the version back ${what}, and is remembered so`, async () => {
        server.users.push({ ...dana });
        server.odd(odd);
        const same = port();
        assert.equal((await suspend(same)).kind, 'written');
        assert.deepEqual(
          patches().map(({ headers }) => headers['if-match']),
          sent,
        );
        if (!isConditional) await suspend(same);
        assert.equal((await same.capabilities(signal)).conditionalWrites, isConditional);
        server.seen.length = 0;
        await suspend(same);
        assert.equal(patches().length, 1);
      });
    }

    const withoutConfig: [what: string, answer: ReturnType<Odd>][] = [
      ['a web page', { status: 404, body: '<html>Not here</html>' }],
      ['a redirect', { status: 302, headers: { location: '/login' } }],
      ['501', scimError(501, 'not implemented')],
      ['nonsense', { status: 200, body: [] }],
    ];
    for (const [what, answer] of withoutConfig) {
      it(`is written to without versions where it describes itself by ${what}`, async () => {
        server.users.push({ ...dana });
        server.odd(when(({ type }) => type === 'ServiceProviderConfig', answer));
        assert.equal((await suspend()).kind, 'written');
        assert.equal((await port().capabilities(signal)).conditionalWrites, false);
      });
    }

    it('is said to refuse a hold perhaps, where it says that it takes no PATCH', async () => {
      server.odd(({ type }, usual) =>
        type === 'ServiceProviderConfig' ? { status: 200, body: { patch: { supported: false } } } : usual(),
      );
      const service = createAccessService({ port: port(), match: byEmployeeId('externalId') });
      const what =
        /^payroll says that it takes no PATCH \(ServiceProviderConfig\), and may refuse the hold; /;
      server.users.push({ ...dana });
      const { cost } = await service.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
      assert.match(fullCostOf(cost!), what);
    });

    it('is written to on a version where it requires one, whatever it says of itself', async () => {
      server.users.push({ id: 'u-1', userName: 'dana', active: true });
      server.odd(({ method, headers }, usual) =>
        method === 'PATCH' && headers['if-match'] === undefined
          ? { status: 428, body: { detail: 'try using "If-Match"' } }
          : { ...usual(), headers: { etag: '"v1"' } },
      );
      const one = port();
      for (const id of [undefined, 'u-1']) {
        const seen =
          id === undefined ? { id: 'u-1', userName: 'dana', identities: [] } : await one.read({ id }, signal);
        assert.equal((await one.setActive(seen!, false, signal)).kind, 'written');
      }
      assert.equal(server.users[0]!['active'], false);
      assert.equal((await one.capabilities(signal)).conditionalWrites, true);
    });

    it('is believed in its header before its body', async () => {
      server.users.push({ ...dana });
      server.odd(conditional('W/"7"', '7', 'W/"7"'));
      const seen = (await port().read({ id: 'u-1' }, signal))!;
      assert.equal((await port().setActive(seen, false, signal)).kind, 'written');
      assert.equal(patches().length, 1);
    });

    it('is not written to in another way where the version has changed: that was a race', async () => {
      server.users.push({ ...dana });
      let version = 1;
      server.odd((asked, usual) => {
        server.users[0]!['meta'] = { version: `W/"${version++}"` };
        if (asked.type === 'ServiceProviderConfig')
          return { status: 200, body: { etag: { supported: true } } };
        return asked.method === 'PATCH' ? scimError(412, 'stale') : usual();
      });
      assert.deepEqual(await suspend(), { kind: 'conflict' });
      assert.equal(patches().length, 1);
    });

    it('is not written to again where it answers 409 and nothing has changed: its reason is given', async () => {
      server.users.push({ ...dana });
      const odd = conditional('W/"7"', 'W/"7"');
      server.odd((asked, usual) =>
        asked.method === 'PATCH' ? scimError(409, 'locked by a synchronisation') : odd(asked, usual),
      );
      assert.match(await outage(suspend()), /answered 409 to ".*": locked by a synchronisation$/);
      assert.equal(patches().length, 1);
    });

    for (const [what, answer, type] of [
      ['no rule', scimError(409, 'locked by a synchronisation'), undefined],
      ['a rule', scimError(409, 'the last owner cannot be removed'), FailureType.Refused],
      [
        'an error under the status 200',
        { status: 200, body: { error: 'locked by a synchronisation' } },
        undefined,
      ],
    ] as const)
      it(`without versions has its reason given where nothing has changed after a conflict: ${what}`, async () => {
        server.users.push({ ...dana });
        server.odd((asked, usual) => (asked.method === 'PATCH' ? answer : usual()));
        const service = createAccessService({ port: port(), match: byEmployeeId('externalId') });
        const { accounts } = await service.capture({ employeeId: 'E-1' }, { kind: 'suspend' }, signal);
        const blocking = service.block(
          accounts[0]!,
          { kind: 'suspend' },
          nothing,
          () => Promise.resolve(),
          signal,
        );
        const reason = await (type ? finalFailure(type, blocking) : outage(blocking));
        assert.match(
          reason,
          /answered \d+ to ".*": (locked by a synchronisation|the last owner cannot be removed; mend)/,
        );
        assert.ok(patches().length <= 2);
      });

    it('is not taken for a server that knows no filter where it limits', async () => {
      server.users.push({ ...dana });
      server.odd((asked, usual) =>
        !asked.query.has('filter') ? usual() : scimError(400, 'the request was throttled'),
      );
      const reading = port().find({ attribute: 'externalId', value: 'E-1' }, signal);
      assert.match(await outage(reading), /the request was throttled; its rate limit is exhausted/);
      assert.equal(server.seen.length, 1);
    });

    it('is suspended once although its reads lag, and it refuses the second write', async () => {
      server.users.push({ ...dana });
      let shown = { ...dana };
      let writtenAt: number | undefined;
      server.odd((asked, usual) => {
        if (asked.method === 'PATCH') {
          if (writtenAt !== undefined) return scimError(400, 'no valid fields to update');
          writtenAt = Date.now();
          return usual();
        }
        if (writtenAt !== undefined && Date.now() - writtenAt > 400) shown = { ...dana, active: false };
        return asked.id === 'u-1' ? { status: 200, body: shown } : usual();
      });
      const service = createAccessService({ port: port(), match: byEmployeeId('externalId') });
      const SUSPEND = { kind: 'suspend' } as const;
      const { accounts } = await service.capture({ employeeId: 'E-1' }, SUSPEND, signal);
      const { taken, notes } = await service.block(
        accounts[0]!,
        SUSPEND,
        nothing,
        () => Promise.resolve(),
        signal,
      );
      assert.deepEqual([taken.suspended, notes], [true, []]);
    });

    it('has deleted the account where a suspension does so', async () => {
      server.users.push({ ...dana }, ravi);
      server.odd((asked, usual) => {
        const answer = usual();
        if (asked.method === 'PATCH') server.users.shift();
        return answer;
      });
      const same = port();
      assert.equal((await suspend(same)).kind, 'written');
      assert.equal(await same.read({ id: 'u-1', userName: 'dana' }, signal), undefined);
    });

    const SUSPEND = { kind: 'suspend' } as const;
    const report = () => Promise.resolve();
    const service = () => createAccessService({ port: port(), match: byEmployeeId('externalId') });
    const capture = async () =>
      (await service().capture({ employeeId: 'E-1' }, SUSPEND, signal)).accounts[0]!;
    const isPatch = ({ method }: Parameters<Odd>[0]): boolean => method === 'PATCH';

    it('has the account looked at again where it refuses what another process has done', async () => {
      server.users.push({ ...dana });
      const account = await capture();
      // The write of the other process is shown late.
      let reads = 0;
      server.odd((asked, usual) => {
        if (isPatch(asked)) return scimError(400, 'no valid fields to update');
        return asked.id === 'u-1' ? { status: 200, body: { ...dana, active: reads++ < 3 } } : usual();
      });
      const tried = { suspended: true, groups: [] };
      const { taken } = await service().block(account, SUSPEND, tried, report, signal);
      assert.deepEqual(taken, tried);
    });

    it('is suspended by its other spelling where it ignores the path, in one attempt', async () => {
      server.users.push({ ...dana });
      server.odd((asked, usual) => {
        const [operation] = asked.body?.Operations ?? [];
        if (!operation) return usual();
        if (operation.path === undefined) Object.assign(server.users[0]!, operation.value as Json);
        return { status: 204 };
      });
      const { taken } = await service().block(await capture(), SUSPEND, nothing, report, signal);
      assert.equal(taken.suspended, true);
      assert.equal(server.users[0]!['active'], false);
      assert.equal(patches().length, 2);
    });

    it('needs attention where it ignores every spelling, with just that, and not for ever', async () => {
      server.users.push({ ...dana });
      server.odd(when(isPatch, { status: 204 }));
      const account = await capture();
      const same = service();
      const block = () => same.block(account, SUSPEND, nothing, report, signal);
      for (let attempt = 1; attempt < 3; attempt++)
        assert.match(await outage(block()), /the server accepts the change but does not show it/);
      assert.match(
        await finalFailure(FailureType.Refused, block()),
        /payroll answers with success, and changes nothing\. Do it there by hand/,
      );
      const sent = patches().map(({ body }) => body!.Operations[0]!);
      assert.equal(sent.length, 6);
      assert.deepEqual(sent.slice(0, 2), [
        { op: 'replace', path: 'active', value: false },
        { op: 'replace', value: { active: false } },
      ]);
    });

    const untilFinal = async (act: () => Promise<unknown>): Promise<string> => {
      for (let attempt = 1; attempt < 3; attempt++) await outage(act());
      return finalFailure(FailureType.Refused, act());
    };
    const volatile: [what: string, changing: (n: number) => Json][] = [
      ['its version at each write', (n) => ({ meta: { version: `W/"${n}"` } })],
      ['an attribute at each read', () => ({ lastSeen: Math.random() })],
    ];
    for (const [what, changing] of volatile)
      it(`needs attention in the end where it ignores a suspension and changes ${what}`, async () => {
        server.users.push({ ...dana });
        let writes = 0;
        server.odd((asked, usual) => {
          if (isPatch(asked)) {
            writes += 1;
            return { status: 204 };
          }
          const answer = usual();
          return asked.id === 'u-1'
            ? { ...answer, body: { ...(answer.body as Json), ...changing(writes) } }
            : answer;
        });
        const account = await capture();
        const same = service();
        const message = await untilFinal(() => same.block(account, SUSPEND, nothing, report, signal));
        assert.match(message, /answers with success, and changes nothing/);
        assert.ok(patches().length <= 9);
      });

    it('needs attention in the end where it ignores a removal and changes the version of the group', async () => {
      server.users.push({ ...dana }, ravi);
      server.groups.push(group('g-1', [{ value: 'u-1' }, { value: 'u-2' }]));
      let writes = 0;
      server.odd((asked, usual) => {
        if (isPatch(asked)) {
          writes += 1;
          return { status: 204 };
        }
        return asked.id === 'g-1' ? { ...usual(), headers: { etag: `"${writes}"` } } : usual();
      });
      const hold: HoldKind = { kind: 'groups', groups: ['g-1'] };
      const same = service();
      const [account] = (await same.capture({ employeeId: 'E-1' }, hold, signal)).accounts;
      await untilFinal(() => same.block(account!, hold, nothing, report, signal));
    });

    for (const kind of ['suspend', 'groups'] as const)
      it(`is written to once without a version where each read gives another (${kind})`, async () => {
        server.users.push({ ...dana }, ravi);
        server.groups.push(group('g-1', [{ value: 'u-1' }, { value: 'u-2' }]));
        server.odd((asked, usual) => {
          if (asked.type === 'ServiceProviderConfig')
            return { status: 200, body: { etag: { supported: true } } };
          if (isPatch(asked) && asked.headers['if-match'] !== undefined) return scimError(412, 'stale');
          return { ...usual(), ...(asked.id && { headers: { etag: `"${Math.random()}"` } }) };
        });
        const hold: HoldKind = kind === 'suspend' ? SUSPEND : { kind, groups: ['g-1'] };
        const same = service();
        const [account] = (await same.capture({ employeeId: 'E-1' }, hold, signal)).accounts;
        const { taken } = await same.block(account!, hold, nothing, report, signal);
        assert.equal(kind === 'suspend' ? taken.suspended : taken.groups.length === 1, true);
        assert.equal(patches().filter(({ headers }) => headers['if-match'] === undefined).length, 1);
        await same.restore(account!, taken, signal);
        assert.equal(server.users[0]!['active'], true);
        assert.equal((server.groups[0]!['members'] as Json[]).length, 2);
      });

    for (const scimType of ['invalidPath', 'invalidSyntax'])
      it(`is suspended by its other spelling where it refuses the path as ${scimType}`, async () => {
        server.users.push({ ...dana });
        server.odd((asked, usual) =>
          isPatch(asked) && asked.body!.Operations[0]!.path !== undefined
            ? scimError(400, 'attribute paths are not supported', { scimType })
            : usual(),
        );
        const { taken } = await service().block(await capture(), SUSPEND, nothing, report, signal);
        assert.equal(taken.suspended, true);
        assert.equal(patches().length, 2);
      });

    it('has its first reason given where it refuses each spelling', async () => {
      server.users.push({ ...dana });
      server.odd(when(isPatch, scimError(400, 'no such path', { scimType: 'invalidPath' })));
      const blocking = service().block(await capture(), SUSPEND, nothing, report, signal);
      assert.match(await finalFailure(FailureType.Refused, blocking), /no such path/);
      assert.equal(patches().length, 2);
    });

    it('is written to without versions where it cannot describe itself at several attempts', async () => {
      server.users.push({ ...dana });
      server.odd(when(({ type }) => type === 'ServiceProviderConfig', scimError(500, 'Not implemented')));
      const same = port();
      for (let attempt = 1; attempt < 3; attempt++) await outage(same.capabilities(signal));
      assert.equal((await same.capabilities(signal)).conditionalWrites, false);
    });

    it('has its versions used once it describes itself again', async () => {
      let isUp = false;
      server.odd((asked, usual) => {
        if (asked.type !== 'ServiceProviderConfig') return usual();
        return isUp ? { status: 200, body: { etag: { supported: true } } } : scimError(500, 'down');
      });
      const same = port();
      for (let attempt = 1; attempt < 3; attempt++) await outage(same.capabilities(signal));
      await same.capabilities(signal);
      isUp = true;
      assert.equal((await same.capabilities(signal)).conditionalWrites, true);
    });

    it('is read where it leaves out the id beside the attributes that it is asked for', async () => {
      server.users.push({ ...dana, groups: [] }, ravi);
      server.groups.push(group('g-1', [{ value: 'u-1' }, { value: 'u-2' }]));
      server.odd((asked, usual) => {
        const answer = usual();
        const asks = asked.query.get('attributes')?.split(',');
        if (!asks || !asked.id || answer.status !== 200) return answer;
        const shown = Object.entries(answer.body as Json).filter(([name]) => asks.includes(name));
        return { ...answer, body: Object.fromEntries(shown) };
      });
      assert.deepEqual(await groupIds('u-1'), ['g-1 (direct)']);
      assert.deepEqual((await port().membersOf!('g-1', signal))?.ids, ['u-1', 'u-2']);
      delete server.users[0]!['groups'];
      assert.deepEqual(await groupIds('u-1'), ['g-1 (direct)'], 'it shows nothing at all');
    });

    for (const status of [500, 403, 405, 422])
      it(`has its groups read whole where it answers ${status} to a filter by members alone`, async () => {
        server.users.push({ ...dana }, ravi);
        server.groups.push(group('g-1', [{ value: 'u-1' }, { value: 'u-2' }]), group('g-2', []));
        server.odd((asked, usual) =>
          asked.filter?.attribute === 'members.value' ? scimError(status, 'filter not supported') : usual(),
        );
        const same = port();
        // One that breaks may be out of order for some moments.
        const failing = status === 500 ? 2 : 0;
        for (let attempt = 0; attempt < failing; attempt++) await outage(groupIds('u-1', same));
        assert.deepEqual(await groupIds('u-1', same), ['g-1 (direct)']);
      });

    it('is not taken for a server without the filter where it answers 500 to every list', async () => {
      server.odd(when(({ type }) => type === 'Groups', scimError(500, 'down')));
      assert.match(await outage(groupIds('u-1')), /answered 500/);
    });

    for (const [what, answer, isEnded] of [
      ['404 without any', scimError(404, 'no session of u-1 is open: no sessions'), true],
      ['a bare 404, as a wrong address does', { status: 404 }, false],
      ['410 without any', scimError(410, 'no active session'), true],
      ['409 without any', scimError(409, 'The user has no active sessions'), true],
      ['409 with another reason', scimError(409, 'a logout is in progress'), false],
      ['404 of an address that it does not have', scimError(404, 'Cannot POST /logout/u-1'), false],
      [
        '200 and that none is open',
        { status: 200, body: { success: false, message: 'no active sessions' } },
        true,
      ],
      ['200 and an empty list of errors', { status: 200, body: { errors: [], error: null } }, true],
      ['204 without a body', { status: 204 }, true],
      [
        '200 and a page to sign in',
        { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' },
        false,
      ],
      ['200 and "ok": false', { status: 200, body: { ok: false, error: 'missing_scope' } }, false],
      [
        '200 and "status": "error"',
        { status: 200, body: { status: 'error', message: 'no database' } },
        false,
      ],
      [
        '200 and "status": "fail"',
        { status: 200, body: { status: 'fail', data: { user: 'unknown' } } },
        false,
      ],
      ['200 and "result": "error"', { status: 200, body: { result: 'error', msg: 'no' } }, false],
      ['200 and a code of 500', { status: 200, body: { code: 500, message: 'internal' } }, false],
      ['200 and the code of an error', { status: 200, body: { errorCode: 'E0000006' } }, false],
      [
        '207 and a part that failed',
        { status: 207, body: { results: [{ status: 200 }, { status: 500 }] } },
        false,
      ],
      [
        '207 and parts that succeeded',
        { status: 207, body: { results: [{ status: 200 }, { status: '204' }] } },
        true,
      ],
      [
        '200 and words of success',
        { status: 200, body: { status: 'success', code: 0, errorCode: '0', result: 'ok' } },
        true,
      ],
      ['200 and "success": false alone', { status: 200, body: { success: false } }, false],
      [
        '200 and the errors of GraphQL',
        { status: 200, body: { data: null, errors: [{ message: 'denied' }] } },
        false,
      ],
    ] as const)
      it(`has ${isEnded ? 'no session open' : 'its sessions still to be ended'} where it answers ${what}`, async () => {
        server.odd(() => answer);
        const end = sessionRevoker({
          ...{ name: 'payroll', method: 'POST', token: 'secret', requestTimeoutMs: 2000 },
          url: `${server.scimUrl}/logout/{id}`,
        });
        const ending = end({ id: 'u-1', userName: 'dana' }, signal);
        await (isEnded ? ending : assert.rejects(ending));
      });

    it('is never asked to remove a member by a list of members, and says why it keeps the member', async () => {
      server.users.push({ ...dana }, ravi);
      server.groups.push(group('g-1', [{ value: 'u-1' }, { value: 'u-2' }]));
      server.odd(when(isPatch, { status: 204 }));
      const hold: HoldKind = { kind: 'groups', groups: ['g-1'] };
      const same = service();
      const [account] = (await same.capture({ employeeId: 'E-1' }, hold, signal)).accounts;
      const block = () => same.block(account!, hold, nothing, report, signal);
      for (let attempt = 1; attempt < 3; attempt++) await outage(block());
      assert.match(
        await finalFailure(FailureType.Refused, block()),
        /answers with success, and changes nothing; in another way: .*"members" with a value, empties g-1 on strict servers/,
      );
      const paths = new Set(patches().map(({ body }) => body!.Operations[0]!.path));
      assert.deepEqual([...paths], ['members[value eq "u-1"]']);
    });

    it('fails for good where it refuses the first write, with its reason first', async () => {
      server.users.push({ ...dana });
      server.odd(
        when(({ method }) => method === 'PATCH', scimError(403, 'the last owner cannot be removed')),
      );
      const same = port();
      for (let again = 0; again < 2; again++)
        assert.equal(
          await finalFailure(FailureType.Refused, suspend(same)),
          'payroll answered 403 to "replace active of Users/u-1": the last owner cannot be removed; mend that on payroll and retry',
        );
    });
  });
});
