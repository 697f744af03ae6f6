/** Between the hold and the server: carries requests, and does to them what the script says. */
import type { Answer, Asked } from './http.js';
import {
  ACCOUNT,
  ACTIVE,
  exists,
  memberOf,
  SECOND,
  SECOND_ACTIVE,
  secondMemberOf,
  type Cell,
} from './ledger.js';
import { OddServer, untold } from './odd-server.js';
import {
  isOfRead,
  moments,
  type Fault,
  type Happening,
  type Moment,
  type Outcome,
  type Script,
} from './script.js';
import type { Site } from './site.js';

interface Underway {
  asked: Asked;
  sentIn: Moment;
}

/** How an attempt ended that did not end by itself. */
export type Verdict = Extract<Outcome, 'crash' | 'time-up' | 'decided' | 'decided-and-lost'>;

export class Wire {
  moment: Moment = 'capture';
  attempt = 0;
  verdict: Verdict | undefined;
  /** Whether a decision can still come before the block is complete. */
  mayDecide = true;
  /** Called when the script wants the decision now. */
  decide: (isLost: boolean) => void = () => {};
  readonly tried = new Map<string, number>();
  private readonly counts = new Map<string, number>();
  private readonly pending: Set<Happening>;
  /** Accounts are searched by user name. A list without a filter belongs to the search before it. */
  private isByName = false;
  private readonly underway: Underway[] = [];
  private readonly server: OddServer;

  constructor(
    readonly site: Site,
    script: Script,
  ) {
    this.pending = new Set(script.happenings);
    this.server = new OddServer(site, script.server);
    this.count(`server: ${script.server}`);
  }

  private get ledger() {
    return this.site.ledger;
  }

  async enter(moment: Moment): Promise<void> {
    // Capture and block take turns; nothing is over while they do.
    if (moments.indexOf(moment) > moments.indexOf(this.moment)) await this.finish();
    if (moment !== this.moment) this.server.catchUp();
    this.moment = moment;
  }

  /** What the script still has for this moment happens once nothing of ours is sent in it any more. */
  async finish(): Promise<void> {
    await this.server.runJobs();
    for (const happening of this.due(() => true)) await this.happen(happening);
  }

  /** Everything that is still under way lands: the latest moment at which it can. */
  async landAll(): Promise<void> {
    while (this.underway.length > 0) await this.land();
  }

  /** A report becomes durable, or does not. */
  async report(keep: () => void, what: string, signal: AbortSignal): Promise<void> {
    const fault = await this.next('report');
    // A report that was answered is durable: this is what the hold builds on.
    const isAnswered = !fault || fault.outcome === 'answered' || isOfRead(fault.outcome);
    if (isAnswered || fault.effect !== 'none') keep();
    this.ledger.tell(
      `hold, ${this.moment}: reports ${what}${isAnswered ? '' : ` (${fault.effect}, ${fault.outcome})`}`,
    );
    if (isAnswered) return;
    await this.suffer(fault, 'report', undefined, signal);
    if (fault.outcome === 'error') throw new Error('the report was refused');
  }

  /** An attempt has a result, which is recorded unless the worker dies first. */
  async result(): Promise<void> {
    const fault = await this.next('result');
    if (fault?.outcome !== 'crash') return;
    this.verdict = 'crash';
    this.ledger.suffering.add(this.attempt);
    this.count('result: crash');
    this.ledger.tell(`hold, ${this.moment}: the worker dies before its result is recorded`);
  }

  async request(asked: Asked, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const isRead = asked.method === 'GET';
    if (asked.path.startsWith('/Users?filter=')) this.isByName = asked.path.includes('filter=userName');
    const fault = await this.next(isRead ? 'read' : 'write');
    const { moment, attempt } = this;
    const goal = asked.method === 'GET' ? undefined : this.site.goalOf(asked);
    if (goal) {
      const { cell, wanted = true } = goal;
      this.ledger.sent.push({ t: this.ledger.t, attempt, moment, cell, wanted, answer: 'unknown' });
    }
    const sent = this.ledger.sent.at(-1)!;
    const outcome = isOfRead(fault?.outcome) && !isRead ? 'answered' : fault?.outcome;
    if (outcome === 'not-found') {
      this.count('read: not-found');
      this.ledger.tell(`a gateway answers 404 to ${asked.path.split('?')[0]!.slice(0, 12)}`);
      return { status: 404, text: '{}' };
    }
    if (!fault || outcome === 'untold' || (outcome === 'answered' && (isRead || fault.effect === 'now'))) {
      const { answer, shown } = await this.server.carry(asked, { author: 'hold', moment, attempt });
      if (outcome === 'untold' && answer.status === 200) {
        this.count('read: untold');
        this.ledger.tell('the answer leaves out what was asked for');
        return { ...answer, text: untold(answer.text) };
      }
      if (isRead) this.ledger.look(this.shownBy(asked), shown);
      else if (answer.status < 300) sent.answer = 'done';
      else if (answer.status < 500) sent.answer = 'refused';
      return answer;
    }
    const effect = isRead ? 'none' : fault.effect;
    const isNow = effect === 'now' || effect === 'now-and-late';
    const answer = isNow
      ? (await this.server.carry(asked, { author: 'hold', moment, attempt })).answer
      : undefined;
    if (effect === 'late' || effect === 'now-and-late') this.underway.push({ asked, sentIn: moment });
    this.ledger.tell(
      `hold, ${moment}: ${asked.method} ${asked.path.split('?')[0]!.slice(0, 12)} suffers: ${effect}, ${fault.outcome}`,
    );
    await this.suffer(fault, isRead ? 'read' : 'write', effect, signal);
    if (fault.outcome === 'error') return { status: 503, text: '{}' };
    return answer ?? { status: 200, text: '{}' };
  }

  private async suffer(
    { outcome }: Fault,
    what: string,
    effect: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    this.ledger.suffering.add(this.attempt);
    this.count(`${what}: ${outcome}${effect && what === 'write' ? `, effect ${effect}` : ''}`);
    switch (outcome) {
      case 'answered':
      case 'untold':
      case 'not-found':
      case 'error':
        return;
      case 'broken':
        throw new TypeError('fetch failed', { cause: new Error('the connection is lost') });
      case 'crash':
      case 'time-up':
        this.verdict = outcome;
        throw new TypeError('fetch failed', { cause: new Error(outcome) });
      case 'decided':
      case 'decided-and-lost': {
        if (!this.mayDecide)
          throw new TypeError('fetch failed', { cause: new Error('the connection is lost') });
        this.verdict = outcome;
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        this.decide(outcome === 'decided-and-lost');
        await aborted;
        throw signal.reason;
      }
    }
  }

  private async next(kind: 'read' | 'write' | 'report' | 'result'): Promise<Fault | undefined> {
    const places = new Map([
      ['any', this.countUp('any')],
      [kind, this.countUp(kind)],
    ]);
    let fault: Fault | undefined;
    for (const happening of this.due(({ of, at }) => places.get(of) === at)) {
      if (happening.what.kind === 'fault') fault ??= happening.what.fault;
      else await this.happen(happening);
    }
    return fault;
  }

  private countUp(kind: string): number {
    const key = `${this.moment} ${kind}`;
    const n = this.counts.get(key) ?? 0;
    this.counts.set(key, n + 1);
    return n;
  }

  private due(matches: (happening: Happening) => boolean): Happening[] {
    const due = [...this.pending].filter(
      (happening) => happening.moment === this.moment && matches(happening),
    );
    for (const happening of due) this.pending.delete(happening);
    return due;
  }

  private async happen({ what }: Happening): Promise<void> {
    if (what.kind === 'landing') await this.land();
    if (what.kind === 'admin' && (await this.site.act(what.action, this.moment)))
      this.count(`admin: ${what.action.does}`);
  }

  private async land(): Promise<void> {
    const first = this.underway.shift();
    if (!first) return;
    const { asked, sentIn } = first;
    const { answer } = await this.server.carry(asked, {
      author: 'hold',
      moment: this.moment,
      late: true,
      sentIn,
    });
    this.count(`late write: ${answer.status < 300 ? 'taken by the server' : 'refused by the server'}`);
  }

  private count(what: string): void {
    this.tried.set(what, (this.tried.get(what) ?? 0) + 1);
  }

  /** What the hold gets to see of the answer to a read. */
  private shownBy({ path }: Asked): Cell[] {
    const { site } = this;
    const [, type, id] = path.split(/[/?]/);
    const isList = id === undefined || path.startsWith(`/${type}?`);
    // A look at several pages is as old as its first one.
    if (/startIndex=(?!1\b)/.test(path)) return [];
    const groups = [...this.ledger.groups.keys()];
    if (type === 'Users') {
      // A choice of attributes leaves out `active`. Its groups are the second half of a look, which began with the filter.
      const isWhole = !path.includes('attributes=');
      const first = [ACCOUNT, ...(isWhole ? [ACTIVE] : [])];
      const second = [SECOND, ...(isWhole ? [SECOND_ACTIVE] : [])];
      if (isList && !isWhole) return [];
      // The second account has another user name, and a sweep reads those that it knows by themselves.
      if (isList) return [...(this.moment === 'sweep' ? [] : first), ...(this.isByName ? [] : second)];
      return id === site.secondId ? second : id === site.accountId ? first : [];
    }
    if (type !== 'Groups') return [];
    const showsMembers = !path.includes('excludedAttributes');
    if (!isList) return [exists(id), ...(showsMembers ? [memberOf(id), secondMemberOf(id)] : [])];
    // Groups are also looked for by their names and their own groups, which shows no membership of an account.
    const isOf = (accountId: string) => showsMembers || (accountId !== '' && path.includes(accountId));
    return [
      ...(isOf(site.accountId) ? groups.map(memberOf) : []),
      ...(isOf(site.secondId) ? groups.map(secondMemberOf) : []),
    ];
  }
}
