/** Between the hold and the server: carries requests, and does to them what the script says. */
import type { Answer, Asked } from './http.js';
import { ACCOUNT, ACTIVE, exists, memberOf, type Cell } from './ledger.js';
import { moments, type Fault, type Happening, type Moment, type Outcome, type Script } from './script.js';
import { goalOf, type Site } from './site.js';

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
  private readonly underway: Underway[] = [];

  constructor(
    readonly site: Site,
    script: Script,
  ) {
    this.pending = new Set(script.happenings);
  }

  private get ledger() {
    return this.site.ledger;
  }

  async enter(moment: Moment): Promise<void> {
    // Capture and block take turns; nothing is over while they do.
    if (moments.indexOf(moment) > moments.indexOf(this.moment)) await this.finish();
    this.moment = moment;
  }

  /** What the script still has for this moment happens once nothing of ours is sent in it any more. */
  async finish(): Promise<void> {
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
    const isAnswered = !fault || fault.outcome === 'answered';
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
    this.count('result: crash');
    this.ledger.tell(`hold, ${this.moment}: the worker dies before its result is recorded`);
  }

  async request(asked: Asked, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const isRead = asked.method === 'GET';
    const fault = await this.next(isRead ? 'read' : 'write');
    const { moment, attempt } = this;
    const goal = asked.method === 'GET' ? undefined : goalOf(asked);
    if (goal) {
      const { cell, wanted = true } = goal;
      this.ledger.sent.push({ t: this.ledger.t, attempt, moment, cell, wanted, answer: 'unknown' });
    }
    const sent = this.ledger.sent.at(-1)!;
    if (!fault || (fault.outcome === 'answered' && (isRead || fault.effect === 'now'))) {
      const answer = await this.site.carry(asked, { author: 'hold', moment });
      if (isRead) this.ledger.look(this.shownBy(asked));
      else if (answer.status < 300) sent.answer = 'done';
      else if (answer.status < 500) sent.answer = 'refused';
      return answer;
    }
    const effect = isRead ? 'none' : fault.effect;
    const isNow = effect === 'now' || effect === 'now-and-late';
    const answer = isNow ? await this.site.carry(asked, { author: 'hold', moment }) : undefined;
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
    this.count(`${what}: ${outcome}${effect && what === 'write' ? `, effect ${effect}` : ''}`);
    switch (outcome) {
      case 'answered':
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
    const { status } = await this.site.carry(asked, {
      author: 'hold',
      moment: this.moment,
      late: true,
      sentIn,
    });
    this.count(`late write: ${status < 300 ? 'taken by the server' : 'refused by the server'}`);
  }

  private count(what: string): void {
    this.tried.set(what, (this.tried.get(what) ?? 0) + 1);
  }

  /** What the hold gets to see of the answer to a read. */
  private shownBy({ path }: Asked): Cell[] {
    const [, type, id] = path.split(/[/?]/);
    // A choice of attributes leaves out `active`.
    if (type === 'Users') return path.includes('attributes=') ? [ACCOUNT] : [ACCOUNT, ACTIVE];
    if (type !== 'Groups') return [];
    if (path.includes('attributes=displayName')) return [exists(id!), memberOf(id!)];
    if (!path.startsWith('/Groups?')) return [exists(id!)];
    // Groups are also looked for by their names, which shows no membership.
    return path.includes('members.value') ? [...this.ledger.groups.keys()].map(memberOf) : [];
  }
}
