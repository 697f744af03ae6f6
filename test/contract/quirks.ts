/** How servers differ. Each quirk makes a real server behave so, by changing its requests and answers. */
import type { ProxiedAnswer, ProxiedRequest, Quirk } from '../support/fault-proxy.js';

type Json = Record<string, unknown> & { Resources?: Json[]; meta?: Record<string, unknown> };

const parsed = ({ body }: ProxiedAnswer): Json | undefined => (body ? (JSON.parse(body) as Json) : undefined);

/** Changes every resource of an answer, alone or in a list. */
function changed(answer: ProxiedAnswer, change: (resource: Json) => void): ProxiedAnswer {
  const json = parsed(answer);
  if (!json) return answer;
  (json.Resources ?? [json]).forEach(change);
  return { ...answer, body: JSON.stringify(json) };
}

export const resources =
  (change: (resource: Json) => void): Quirk =>
  (forward) =>
  async (request) =>
    changed(await forward(request), change);

const without = (headers: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

/** No versions anywhere, and `If-Match` is ignored. */
export const withoutEtags: Quirk = (forward) => async (request) => {
  const answer = await forward({
    ...request,
    headers: without(request.headers, 'if-match', 'if-none-match'),
  });
  return changed({ ...answer, headers: without(answer.headers, 'etag') }, (resource) => {
    delete resource.meta?.['version'];
    if (resource['etag']) resource['etag'] = { supported: false };
  });
};

export const withoutUserGroups = resources((resource) => {
  if (resource['userName']) delete resource['groups'];
});

export const activeAsString = resources((resource) => {
  if (typeof resource['active'] === 'boolean') resource['active'] = resource['active'] ? 'True' : 'False';
});

export const relativeLocations: Quirk = (forward) => async (request) => {
  const relative = (location: unknown): string => new URL(String(location), 'http://server').pathname;
  const answer = await forward(request);
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [
      name,
      name.endsWith('location') ? relative(value) : value,
    ]),
  );
  return changed({ ...answer, headers }, ({ meta }) => {
    if (meta?.['location']) meta['location'] = relative(meta['location']);
  });
};

/** Replaces the answer to a successful PATCH. */
const patchAnswers =
  (instead: (request: ProxiedRequest, read: () => Promise<ProxiedAnswer>) => Promise<ProxiedAnswer>): Quirk =>
  (forward) =>
  async (request) => {
    const answer = await forward(request);
    if (request.method !== 'PATCH' || answer.status >= 300) return answer;
    const headers = without(request.headers, 'if-match', 'content-type');
    return instead(request, () => forward({ ...request, headers, method: 'GET', body: '' }));
  };

export const patchAnswersNothing = patchAnswers(() =>
  Promise.resolve({ status: 204, headers: {}, body: '' }),
);
export const patchAnswersTheResource = patchAnswers((_request, read) => read());
export const patchAnswersEmpty = patchAnswers(() => Promise.resolve({ status: 200, headers: {}, body: '' }));

/** Never more than two on a page, whatever the client asks for. */
export const pagesOfTwo: Quirk = (forward) => (request) => {
  const url = new URL(request.path, 'http://server');
  if (request.method !== 'GET' || !/\/(Users|Groups)$/.test(url.pathname)) return forward(request);
  url.searchParams.set('count', '2');
  return forward({ ...request, path: url.pathname + url.search });
};

/** Pages of two, and `totalResults` counts the page alone. */
export const countsThePage: Quirk = (forward) => async (request) => {
  const answer = await pagesOfTwo(forward)(request);
  const json = parsed(answer);
  if (!json?.Resources) return answer;
  return { ...answer, body: JSON.stringify({ ...json, totalResults: json.Resources.length }) };
};

const scimError = (status: number, detail: string): Promise<ProxiedAnswer> =>
  Promise.resolve({
    status,
    headers: { 'content-type': 'application/scim+json' },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: String(status),
      detail,
    }),
  });

const queryOf = ({ path }: ProxiedRequest): URLSearchParams => new URL(path, 'http://server').searchParams;

export const answersNoHitWith404: Quirk = (forward) => async (request) => {
  const answer = await forward(request);
  const isEmpty = queryOf(request).has('filter') && parsed(answer)?.Resources?.length === 0;
  return isEmpty ? scimError(404, 'No resource matches') : answer;
};

/** The filter is dropped, without an error. */
export const ignoresFiltersOnUsers: Quirk = (forward) => (request) => {
  const url = new URL(request.path, 'http://server');
  if (url.pathname.endsWith('/Users')) url.searchParams.delete('filter');
  return forward({ ...request, path: url.pathname + url.search });
};

export const membersOnRequest: Quirk = (forward) => (request) =>
  queryOf(request).get('attributes')?.includes('members')
    ? forward(request)
    : resources((resource) => void delete resource['members'])(forward)(request);

/** What no step needs, in forms that the schema does not have. */
export const oddValues = resources((resource) => {
  const { emails, externalId, displayName } = resource;
  if (Array.isArray(emails)) resource['emails'] = emails.map(({ value }: Json) => value);
  if (externalId !== undefined) {
    delete resource['externalId'];
    resource['ExternalID'] = externalId;
  }
  if (resource['userName'] && displayName) Object.assign(resource, { displayName: null, name: displayName });
  if (Array.isArray(resource['members']))
    resource['members'] = resource['members'].map(({ value }: Json) => value);
});

/** "E-1" is found by "e-1": for every attribute, also for those that a schema calls case-sensitive. */
export const filtersIgnoreCase: Quirk = (forward) => async (request) => {
  const url = new URL(request.path, 'http://server');
  const [, attribute, wanted] = /^(\w+) eq "(.*)"$/.exec(url.searchParams.get('filter') ?? '') ?? [];
  if (!attribute || wanted === undefined) return forward(request);
  const found: Json[] = [];
  for (let all = 1; found.length < all;) {
    const page = new URLSearchParams({ startIndex: String(found.length + 1) });
    const answer = parsed(await forward({ ...request, path: `${url.pathname}?${page.toString()}` }));
    found.push(...(answer?.Resources ?? []));
    all = Number(answer?.['totalResults']);
  }
  const hits = found.filter((each) => String(each[attribute]).toLowerCase() === wanted.toLowerCase());
  const start = Number(url.searchParams.get('startIndex') ?? 1) - 1;
  const Resources = hits.slice(start, start + Number(url.searchParams.get('count') ?? hits.length));
  const list = { schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'], Resources };
  const body = JSON.stringify({ ...list, totalResults: hits.length, startIndex: start + 1 });
  return { status: 200, headers: { 'content-type': 'application/scim+json' }, body };
};

export const hidesActive: Quirk = (forward) => async (request) => {
  const answer = await forward(request);
  return { ...answer, body: answer.body.replaceAll(/"active":(true|false),?/g, '') };
};

/** Another user is found by the name of the second account, so that it cannot be told whether the employee has one. */
export const findsAnotherByName: Quirk = (forward) => (request) => {
  if (!request.path.includes('adm-')) return forward(request);
  const url = new URL(request.path, 'http://server');
  url.searchParams.set('filter', 'externalId eq "T-stand-in"');
  return forward({ ...request, path: url.pathname + url.search });
};

export const prefixesNames: Quirk = (forward) => async (request) => {
  const answer = await forward(request);
  if (!request.path.includes('/Groups')) return answer;
  return { ...answer, body: answer.body.replaceAll('"displayName":"', '"displayName":"PRIMARY/') };
};

export const refusesGroupsWithMembers: Quirk = (forward) => (request) => {
  const refused = request.method === 'POST' && 'members' in (JSON.parse(request.body) as object);
  if (!refused) return forward(request);
  const detail = 'Members are added by PATCH';
  return Promise.resolve({ status: 400, headers: {}, body: JSON.stringify({ detail, status: '400' }) });
};

export const together =
  (...several: Quirk[]): Quirk =>
  (forward) =>
    several.reduce((made, quirk) => quirk(made), forward);

export const everything = together(
  withoutEtags,
  withoutUserGroups,
  activeAsString,
  relativeLocations,
  patchAnswersNothing,
  filtersIgnoreCase,
  pagesOfTwo,
  refusesGroupsWithMembers,
);

/** A SCIM server that finds groups by their members, and does not list them. */
export const hidesMembers: Quirk = (forward) => async (request) => {
  const answer = await forward(request);
  if (!request.path.includes('/Groups') || request.path.includes('filter=')) return answer;
  return { ...answer, body: answer.body.replaceAll('"members"', '"hidden"') };
};
