/** The server as the hold meets it: the real one, with the manner of a script. What it takes besides a write is in the ledger. */
import type { Answer, Asked } from './http.js';
import { ACTIVE, SECOND_ACTIVE } from './ledger.js';
import type { Manner } from './manners.js';
import { pathOf, PREFIX, type By, type Site } from './site.js';

/** How many reads after a write show the value from before it. */
const LAG = 2;

type Json = Record<string, unknown>;

export class OddServer {
  private staleReads = 0;
  /** The latest answer to each path, and when it was given. */
  private readonly shown = new Map<string, { answer: Answer; t: number }>();
  private readonly jobs: (() => Promise<void>)[] = [];

  constructor(
    private readonly site: Site,
    private readonly manner: Manner,
  ) {}

  /** @returns with the time whose values the answer shows */
  async carry(asked: Asked, by: By): Promise<{ answer: Answer; shown: number }> {
    return asked.method === 'GET' ? this.read(asked, by) : { answer: await this.write(asked, by), shown: 0 };
  }

  /** A read lags behind the writes of the same moment only. */
  catchUp(): void {
    this.staleReads = 0;
    this.shown.clear();
  }

  async runJobs(): Promise<void> {
    for (const job of this.jobs.splice(0)) await job();
  }

  private async read(asked: Asked, by: By): Promise<{ answer: Answer; shown: number }> {
    const { ledger } = this.site;
    const old = this.shown.get(asked.path);
    if (old && this.staleReads > 0) {
      this.staleReads -= 1;
      ledger.tell(`the server shows what it showed at ${old.t}`);
      return { answer: old.answer, shown: old.t };
    }
    const path = this.site.own(this.misunderstood(asked.path));
    const honest = await this.site.carry({ ...asked, path }, by);
    const answer = honest.status === 200 ? { ...honest, text: this.told(asked.path, honest.text) } : honest;
    if (this.manner === 'lags') this.shown.set(asked.path, { answer, t: ledger.t });
    return { answer, shown: ledger.t };
  }

  private misunderstood(path: string): string {
    const [resource, search] = path.split('?');
    const query = new URLSearchParams(search);
    const filter = query.get('filter');
    if (this.manner === 'lists one a page' && query.has('count')) query.set('count', '1');
    if (filter !== null && this.manner === 'answers every filter with everything') query.delete('filter');
    if (filter !== null && this.manner === 'finds another account' && resource === '/Users')
      query.set('filter', `userName eq "${this.site.colleague}"`);
    return search === undefined ? path : pathOf(resource!, query);
  }

  private told(path: string, text: string): string {
    const json = JSON.parse(text) as Json;
    const resources = json['Resources'] as Json[] | undefined;
    const isNothing = path.includes('filter=') && this.manner === 'answers every filter with nothing';
    if (resources && (isNothing || this.isByHidden(path)))
      return JSON.stringify({ ...json, totalResults: 0, Resources: [] });
    const isLater = /startIndex=(?!1\b)/.test(path);
    const kept = this.manner === 'ends lists too early' ? resources?.slice(0, isLater ? 0 : -1) : resources;
    const shown = kept?.map((each) => this.shownResource(each));
    return JSON.stringify(shown ? { ...json, Resources: shown } : this.shownResource(json));
  }

  private isInactive(id: unknown): boolean {
    const { ledger, accountId, secondId } = this.site;
    return (id === accountId && !ledger.is(ACTIVE)) || (id === secondId && !ledger.is(SECOND_ACTIVE));
  }

  private get hidesInactive(): boolean {
    return this.manner === 'hides inactive members';
  }

  /** Whether it asks for the groups of a member that is hidden. */
  private isByHidden(path: string): boolean {
    const filter = new URLSearchParams(path.split('?')[1]).get('filter') ?? '';
    const [, member] = /^members\.value eq "([^"]*)"/.exec(filter) ?? [];
    return this.hidesInactive && this.isInactive(member);
  }

  private shownResource(resource: Json): Json {
    const { active, members: all, ...others } = resource;
    const members = this.hidesInactive
      ? (all as { value: string }[] | undefined)?.filter(({ value }) => !this.isInactive(value))
      : all;
    const shown = {
      ...others,
      ...(active !== undefined && this.manner !== 'hides active' && { active }),
      ...(members !== undefined && this.manner !== 'hides members' && { members }),
    };
    if (this.manner !== 'names groups otherwise' || typeof resource['displayName'] !== 'string') return shown;
    return { ...shown, displayName: PREFIX + resource['displayName'] };
  }

  private async write(asked: Asked, by: By): Promise<Answer> {
    const { site } = this;
    if (this.manner === 'ignores the path of a write' && asked.body?.includes('"path":"active"')) {
      site.ledger.tell('the server ignores the write');
      return { status: 204, text: '' };
    }
    const answer = await site.carry(asked, by);
    if (answer.status >= 300) return answer;
    const change = site.ledger.writes.at(-1);
    if (this.manner === 'lags' && change?.before !== change?.after) this.staleReads = LAG;
    const [, type, id] = asked.path.split('/');
    const isReactivation = type === 'Users' && /"(value|active)":true/.test(asked.body ?? '');
    if (isReactivation && this.manner === 'takes the memberships of a reactivated account later')
      this.jobs.push(() => site.strip(id!, by));
    const isSuspension = type === 'Users' && /"(value|active)":false/.test(asked.body ?? '');
    if (isSuspension && this.manner === 'takes the memberships of a suspended account')
      await site.strip(id!, by);
    if (isSuspension && this.manner === 'takes the memberships of a suspended account later')
      this.jobs.push(() => site.strip(id!, by));
    if (isSuspension && this.manner === 'deletes a suspended account') await site.lose(id!, by);
    if (type === 'Groups' && asked.body?.includes('"op":"remove"') && this.manner === 'empties the group')
      await site.empty(id!, by);
    return answer;
  }
}

/** The answer, without what it was asked for. */
export function untold(text: string): string {
  const { active: _active, members: _members, groups: _groups, ...others } = JSON.parse(text) as Json;
  const total = others['totalResults'];
  return JSON.stringify(typeof total === 'number' ? { ...others, totalResults: total + 1 } : others);
}
