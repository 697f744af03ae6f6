import assert from 'node:assert/strict';
import { createDirectoryService } from '../../src/services/directory/directory.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { list, withOddServer } from '../support/odd-scim-server.js';
import { sampleConfig } from '../support/sample-config.js';

const { signal } = new AbortController();

describe('a search of the directory by name', () => {
  const server = withOddServer();

  const user = (id: string, displayName: string, more: object = {}) => ({
    ...{ id, externalId: `E-${id}`, userName: `${id}@acme.example`, displayName },
    ...more,
  });
  const named = (text: string) =>
    createDirectoryService({
      scim: createScimClient({
        ...{ name: 'the directory', scimUrl: server.scimUrl, token: 'secret', requestTimeoutMs: 5_000 },
      }),
      fallbacks: [sampleConfig.contacts.hrPartners[0]],
    }).named(text, signal);
  const idsOf = async (text: string) => (await named(text)).people.map(({ employeeId }) => employeeId);
  const isFilter = (query: URLSearchParams) => query.has('filter');

  beforeEach(() => {
    server.users.push(
      user('1', 'Nora Ångström'),
      user('2', 'Nora Fox', { active: false, emails: [{ value: 'fox@acme.example' }] }),
      user('3', 'Paul "the" Fox'),
    );
  });

  it('shows only who has the text, also where the server ignores the filter', async () => {
    assert.deepEqual(await idsOf('fox'), ['E-2', 'E-3']);
    assert.deepEqual(await named('nora f'), {
      people: [{ employeeId: 'E-2', name: 'Nora Fox', email: 'fox@acme.example', isInactive: true }],
      isWhole: true,
    });
  });

  it('reads the list where the filter is refused, or finds nothing', async () => {
    for (const answer of [{ status: 400, body: {} }, list([])]) {
      server.odd(({ query }, usual) => (isFilter(query) ? answer : usual()));
      assert.deepEqual(await idsOf('angstrom'), ['E-1']);
      assert.deepEqual(await named('zzz'), { people: [], isWhole: true });
    }
  });

  it('says that there may be more where the list is not whole', async () => {
    const [first] = server.users;
    server.odd(() => list([first], 500));
    const found = await named('nora');
    assert.deepEqual([found.people.length, found.isWhole], [1, false]);
  });

  it('sends the text as one value, whatever is in it', async () => {
    await named('a" or userName pr or displayName co "');
    const filters = server.seen.flatMap(({ query }) => query.get('filter') ?? []);
    assert.ok(filters.length > 0);
    for (const filter of filters) assert.match(filter, / co "a\\" or userName pr or displayName co \\""$/);
  });
});
