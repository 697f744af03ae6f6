/** One employee's account on a real SCIM server, with three groups, and the other administrators who change them. */
import type { Answer, Asked, Send } from './http.js';
import {
  ACCOUNT,
  ACTIVE,
  exists,
  Ledger,
  memberOf,
  SECOND,
  SECOND_ACTIVE,
  secondMemberOf,
  type Cell,
} from './ledger.js';
import { PlainScim, type Document } from './plain-scim.js';
import type { AdminAction, Moment, Script } from './script.js';

export const CRITICAL = ['critical-a', 'critical-b'];
/** Before the name of a group, on a server that names groups otherwise. */
export const PREFIX = 'PRIMARY/';
const NAMES = [...CRITICAL, 'harmless'];

/** Who made a request, and when. */
export interface By {
  author: 'hold' | 'admin';
  moment: Moment;
  /** Of the block or the revocation. */
  attempt?: number;
  late?: boolean;
  sentIn?: Moment;
}

interface Goal {
  cell: Cell;
  isUser: boolean;
  accountId: string;
  wanted?: boolean | undefined;
}

export class Site {
  ledger = new Ledger();
  accountId = '';
  secondId = '';
  private userName = '';
  /** A colleague, whose memberships the hold must not touch. */
  bystanderId = '';
  private isKnown = false;
  private renames = 0;
  private readonly scim: PlainScim;

  constructor(
    readonly employeeId: string,
    private readonly send: Send,
    token: string,
  ) {
    this.scim = new PlainScim(send, token);
  }

  /** Brings account and groups to where the script begins, with as few requests as possible. */
  async prepare({ active, memberOf: wanted }: Script): Promise<void> {
    const before = this.ledger;
    const ledger = new Ledger();
    if (before.emptied.size > 0) this.distrust();
    if (this.secondId) await this.scim.ask('DELETE', `/Users/${this.secondId}`, undefined, [404]);
    this.secondId = '';
    const isNew = !this.isKnown || !before.is(ACCOUNT);
    if (isNew) await this.makeAccount();
    else {
      if (this.userName !== this.employeeId)
        await this.scim.patch(`/Users/${this.accountId}`, 'replace', 'userName', this.employeeId);
      if (before.is(ACTIVE) !== active)
        await this.scim.patch(`/Users/${this.accountId}`, 'replace', 'active', active);
    }
    if (isNew && !active) await this.scim.patch(`/Users/${this.accountId}`, 'replace', 'active', false);
    this.userName = this.employeeId;
    const left = [...before.groups.values()].filter(({ id }) => before.is(exists(id)));
    // All or none: the server lists groups in the order of creation, and a seed must mean the same each time.
    const isAsMade =
      this.isKnown &&
      left.length === NAMES.length &&
      left.every(({ name, firstName }, n) => name === firstName && name === NAMES[n]);
    const reusable = new Map(isAsMade ? left.map(({ id, name }) => [name, id]) : []);
    for (const { id } of isAsMade ? [] : left) await this.scim.ask('DELETE', `/Groups/${id}`);
    for (const [n, name] of NAMES.entries()) {
      const old = reusable.get(name);
      const isIn = wanted[n] === true;
      const id = old ?? (await this.makeGroup(name, isIn));
      const wasIn = !isNew && before.is(memberOf(id));
      if (old !== undefined && wasIn !== isIn) await this.scim.setMember(id, this.accountId, isIn);
      ledger.groups.set(id, { id, name, firstName: name, formerNames: [] });
      ledger.begin(exists(id), true);
      ledger.begin(memberOf(id), isIn);
      ledger.begin(secondMemberOf(id), false);
    }
    ledger.begin(SECOND, false);
    ledger.begin(ACCOUNT, true);
    ledger.begin(ACTIVE, active);
    this.ledger = ledger;
    this.isKnown = true;
  }

  get colleague(): string {
    return `${this.employeeId}-colleague`;
  }

  /** Other lanes share the server: lists of everything, and of the groups with a name, are of this site only. */
  own(path: string): string {
    const [resource, search] = path.split('?');
    const query = new URLSearchParams(search);
    const filter = query.get('filter');
    const own = {
      '/Users': `userName sw "${this.employeeId}"`,
      '/Groups': `members.value eq "${this.bystanderId}"`,
    }[resource!];
    if (own === undefined || (filter !== null && !/^(displayName|active) /.test(filter))) return path;
    query.set('filter', filter === null ? own : `${filter} and ${own}`);
    return pathOf(resource!, query);
  }

  /** What is really there, by the server's own word. */
  async readBack(): Promise<Map<Cell, boolean>> {
    const seen = new Map<Cell, boolean>();
    const { accountId, secondId } = this;
    const cells = [{ id: accountId, account: ACCOUNT, active: ACTIVE, memberOf }];
    if (secondId)
      cells.push({ id: secondId, account: SECOND, active: SECOND_ACTIVE, memberOf: secondMemberOf });
    for (const { id, account, active, memberOf } of cells) {
      const answer = await this.scim.ask('GET', `/Users/${id}`, undefined, [404]);
      const user = answer.status === 404 ? undefined : (JSON.parse(answer.text) as Document);
      seen.set(account, user !== undefined);
      if (user) seen.set(active, user.active !== false);
      for (const group of this.ledger.groups.keys())
        seen.set(memberOf(group), user?.groups?.some(({ value }) => value === group) === true);
    }
    return seen;
  }

  /** The next sequence begins from scratch, since how this one left things is not known. */
  distrust(): void {
    this.isKnown = false;
  }

  async act(action: AdminAction, moment: Moment): Promise<boolean> {
    const { ledger } = this;
    const isThere = ledger.is(ACCOUNT);
    const user = `/Users/${this.accountId}`;
    const note = (cell: Cell, wanted: boolean) =>
      ledger.write({ author: 'admin', moment, late: false, sentIn: moment, cell, wanted, after: wanted });
    const group =
      'group' in action ? [...ledger.groups.values()][action.group % ledger.groups.size]! : undefined;
    const isGroupThere = group !== undefined && ledger.is(exists(group.id));
    if (action.does === 'new-account' && this.secondId) return false;
    if (
      !isThere &&
      action.does !== 'new-account' &&
      (!group || action.does === 'join' || action.does === 'leave')
    )
      return false;
    if (group && !isGroupThere && !action.does.startsWith('recreate')) return false;
    ledger.tell(`admin: ${action.does}${group ? ` ${group.name} (${short(group.id)})` : ''}`);
    switch (action.does) {
      case 'activate':
      case 'suspend': {
        const wanted = action.does === 'activate';
        await this.scim.patch(user, 'replace', 'active', wanted);
        note(ACTIVE, wanted);
        return true;
      }
      case 'join':
      case 'leave': {
        const wanted = action.does === 'join';
        await this.scim.setMember(group!.id, this.accountId, wanted);
        note(memberOf(group!.id), wanted);
        return true;
      }
      case 'new-account': {
        this.secondId = await this.scim.makeUser(`${this.employeeId}-second`, this.employeeId);
        const first = [...ledger.groups.keys()].find((id) => ledger.is(exists(id)));
        if (first !== undefined) {
          await this.scim.setMember(first, this.secondId, true);
          ledger.begin(secondMemberOf(first), true);
        }
        ledger.begin(SECOND, true);
        ledger.begin(SECOND_ACTIVE, true);
        ledger.appeared = ledger.t;
        return true;
      }
      case 'rename-account':
        this.userName = `${this.employeeId}-renamed-${++this.renames}`;
        await this.scim.patch(user, 'replace', 'userName', this.userName);
        return true;
      case 'rename-group':
        // Also the other way round: a group that was harmless becomes critical.
        group!.formerNames.push(group!.name);
        group!.name = CRITICAL.includes(group!.name) ? `renamed-${++this.renames}` : CRITICAL[0]!;
        await this.scim.patch(`/Groups/${group!.id}`, 'replace', 'displayName', group!.name);
        ledger.renamed.set(group!.id, ledger.t);
        return true;
      case 'delete-group':
        await this.scim.ask('DELETE', `/Groups/${group!.id}`);
        note(memberOf(group!.id), false);
        if (ledger.is(secondMemberOf(group!.id))) note(secondMemberOf(group!.id), false);
        note(exists(group!.id), false);
        return true;
      case 'delete-account':
        await this.scim.ask('DELETE', user);
        for (const id of ledger.groups.keys()) note(memberOf(id), false);
        note(ACCOUNT, false);
        return true;
      case 'recreate-group':
      case 'recreate-group-with-account': {
        const isTaken = [...ledger.groups.values()].some(
          ({ id, name }) => name === group!.firstName && ledger.is(exists(id)),
        );
        if (isTaken) return false;
        const isIn = isThere && action.does === 'recreate-group-with-account';
        const id = await this.makeGroup(group!.firstName, isIn);
        ledger.groups.set(id, { id, name: group!.firstName, firstName: group!.firstName, formerNames: [] });
        ledger.begin(exists(id), true);
        ledger.begin(memberOf(id), false);
        if (isIn) note(memberOf(id), true);
        return true;
      }
    }
  }

  /** Carries a request of the hold to the server, and notes what it did there. */
  async carry(asked: Asked, by: By): Promise<Answer> {
    const { ledger } = this;
    const answer = await this.send(asked);
    const operation = /"Operations":\[(.*)\]/.exec(asked.body ?? '')?.[1] ?? '';
    ledger.tell(
      `hold, ${by.moment}${by.late ? `: LANDS LATE, sent in ${by.sentIn}` : ''}: ${asked.method} ${short(decodeURIComponent(asked.path))} ${short(operation)} -> ${answer.status}`,
    );
    if (asked.method !== 'GET' && answer.status < 300) this.observe(asked, answer, by);
    return answer;
  }

  /** The server takes every membership of an account. */
  async strip(accountId: string, by: By): Promise<void> {
    const member = accountId === this.secondId ? secondMemberOf : memberOf;
    for (const { id, name } of this.ledger.groups.values()) {
      if (!this.ledger.is(member(id)) || !this.ledger.is(exists(id))) continue;
      this.ledger.tell(`the server takes the membership in ${name} (${short(id)})`);
      await this.scim.setMember(id, accountId, false);
      this.takes(member(id), by);
    }
  }

  /** The server deletes an account. */
  async lose(accountId: string, by: By): Promise<void> {
    this.ledger.tell('the server deletes the account');
    await this.scim.ask('DELETE', `/Users/${accountId}`);
    const isSecond = accountId === this.secondId;
    for (const id of this.ledger.groups.keys()) this.takes(isSecond ? secondMemberOf(id) : memberOf(id), by);
    this.takes(isSecond ? SECOND : ACCOUNT, by);
  }

  /** The server removes the other member of a group. */
  async empty(groupId: string, by: By): Promise<void> {
    if (this.ledger.emptied.has(groupId)) return;
    this.ledger.tell(`the server removes the others from group ${short(groupId)}`);
    await this.scim.setMember(groupId, this.bystanderId, false);
    this.ledger.emptied.set(groupId, by.attempt ?? 0);
  }

  private takes(cell: Cell, { moment, late = false, sentIn = moment }: By): void {
    this.ledger.write({ author: 'hold', moment, late, sentIn, cell, wanted: false, after: false });
  }

  private observe(asked: Asked, { text }: Answer, by: By): void {
    const { ledger } = this;
    const goal = this.goalOf(asked);
    if (!goal) {
      ledger.trespasses.push(`${asked.method} ${asked.path}`);
      return;
    }
    const shown = text ? (JSON.parse(text) as Document) : undefined;
    const { cell, isUser, accountId } = goal;
    const seen = isUser
      ? shown && shown.active !== false
      : shown && (shown.members ?? []).some(({ value }) => value === accountId);
    const after = seen ?? goal.wanted ?? ledger.is(cell);
    const { late = false, moment, sentIn = moment } = by;
    const { wanted = after } = goal;
    ledger.write({ author: by.author, moment, late, sentIn, cell, wanted, after });
    if (!shown) return;
    const group = ledger.groups.get(shown.id);
    const userName = accountId === this.secondId ? `${this.employeeId}-second` : this.userName;
    if (isUser && shown.userName !== userName)
      ledger.trespasses.push(`the user name became ${shown.userName}`);
    if (group && shown.displayName !== group.name) {
      ledger.trespasses.push(`the name of ${group.name} became ${shown.displayName}`);
    }
    const isEmptied = group && ledger.emptied.has(group.id);
    if (group && !isEmptied && !shown.members?.some(({ value }) => value === this.bystanderId)) {
      ledger.trespasses.push(`a colleague lost the membership in ${group.name}`);
    }
  }

  /** What a write of the hold is about; undefined for one that no hold should ever make. */
  goalOf({ method, path, body = '' }: Asked): Goal | undefined {
    const [, type, id] = path.split(/[/?]/);
    if (method !== 'PATCH' && method !== 'PUT') return undefined;
    const [operation] =
      (JSON.parse(body) as { Operations?: { op: string; value?: unknown }[] }).Operations ?? [];
    const isUser = type === 'Users';
    const isSecond = this.secondId !== '' && (isUser ? id === this.secondId : body.includes(this.secondId));
    const accountId = isSecond ? this.secondId : this.accountId;
    if (isUser) {
      const cell = isSecond ? SECOND_ACTIVE : ACTIVE;
      return { cell, isUser, accountId, wanted: operation && isTrue(operation.value) };
    }
    const cell = isSecond ? secondMemberOf(id!) : memberOf(id!);
    return { cell, isUser, accountId, wanted: operation && operation.op === 'add' };
  }

  private async makeAccount(): Promise<void> {
    if (this.accountId) await this.scim.ask('DELETE', `/Users/${this.accountId}`, undefined, [404]);
    this.bystanderId ||= await this.scim.makeUser(this.colleague);
    this.accountId = await this.scim.makeUser(this.employeeId);
  }

  private makeGroup(name: string, isIn: boolean): Promise<string> {
    return this.scim.makeGroup(name, [this.bystanderId, ...(isIn ? [this.accountId] : [])]);
  }
}

/** The value itself, or an object of attributes. */
const isTrue = (value: unknown): boolean =>
  value === true || (value as Document | undefined)?.active === true;

export const pathOf = (resource: string, query: URLSearchParams): string =>
  `${resource}?${query.toString().replaceAll('+', '%20')}`;

/** Ids are long and say nothing: their beginning tells them apart. */
const short = (text: string): string =>
  text.replace(/([0-9a-f]{4})[0-9a-f]{4}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '$1…');
