/** HR with a real calendar, a proxy in front of it for what can go wrong, and a mail server: for a group of tests. */
import type ICAL from 'ical.js';
import type { HrPartner } from '../../src/services/hr/hr.js';
import { startFaultProxy, type FaultProxy } from './fault-proxy.js';
import { hrAt, locksInMemory, partnerWith } from './interview.js';
import { addEvent, ask, eventsIn, interviewsIn, startRadicale } from './radicale.js';
import type { Account, CalendarServer } from './radicale.js';
import { mailServer } from './smtp.js';

/** Under which the interview of `exit-1` is in the calendar. */
export const UID = 'interview.exit-1@acme.example';
export const PATH = `/${encodeURIComponent(UID)}.ics`;

export const HOME = 'dana@home.example';
/** Beyond the last slot. */
export const AWAY = ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20270501'];

/** Between two times on the 24th of November, the first day of the policy, as `1030` in UTC. */
export const between = (from: string, to: string): string[] => [
  `DTSTART:20261124T${from}00Z`,
  `DTEND:20261124T${to}00Z`,
];

/** @returns what is there once the tests run; each begins with an empty calendar and no mail */
export function calendarOfHr() {
  const mail = mailServer();
  let server: CalendarServer;
  let proxy: FaultProxy;
  let account: Account;
  const locks = locksInMemory();
  before(async () => {
    server = await startRadicale();
    proxy = await startFaultProxy(server.url);
  });
  const empty = async (): Promise<Account> => {
    locks.held.clear();
    return (account = await server.calendar('hr'));
  };
  beforeEach(async () => {
    proxy.seen.length = 0;
    proxy.fault(undefined);
    proxy.quirk(undefined);
    await empty();
  });
  after(() => Promise.all([server.stop(), proxy.stop()]));
  /** As HR knows it: through the proxy. */
  const proxied = (one = account): Account => ({
    ...one,
    url: proxy.url.replace(/\/$/, '') + new URL(one.url).pathname,
  });
  return {
    mail,
    get proxy() {
      return proxy;
    },
    get account() {
      return account;
    },
    locks,
    empty,
    another: (user: string) => server.calendar(user),
    proxied,
    ...hrAt(mail, () => [partnerWith(proxied())], locks),
    add: (...event: Parameters<typeof addEvent> extends [Account, ...infer Event] ? Event : never) =>
      addEvent(account, ...event),
    events: (): Promise<ICAL.Component[]> => eventsIn(account),
    /** When the interviews are, by UID. */
    interviews: () => interviewsIn(account),
    remove: () => ask(account, 'DELETE', PATH),
    /** As the HR partner's calendar program does it. */
    edit: async (change: (content: string) => string) =>
      ask(account, 'PUT', PATH, change(await ask(account, 'GET', PATH))),
  };
}

/** In the calendar program, with or without a new SEQUENCE. */
export const toTheNextDay = (content: string): string =>
  content.replaceAll('20261124T10', '20261125T10').replaceAll('20261124T11', '20261125T11');

export const ANNE = { name: 'Anne', email: 'anne@acme.example' };
export const BERT = { name: 'Bert', email: 'bert@acme.example' };

/** Two HR partners, each with a calendar that is empty before each test. */
export function anneAndBert(calendar: ReturnType<typeof calendarOfHr>) {
  let accounts: { anne: Account; bert: Account };
  beforeEach(async () => {
    accounts = { anne: calendar.account, bert: await calendar.another('hr-two') };
  });
  return {
    get accounts() {
      return accounts;
    },
    both: (): [HrPartner, HrPartner] => [partnerWith(accounts.anne, ANNE), partnerWith(accounts.bert, BERT)],
  };
}
