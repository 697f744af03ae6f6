/** Renders the console's pages (console/pages) in the reader's language. Names, notes and answers of servers are untrusted: all is escaped. */
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Liquid } from 'liquidjs';
import Negotiator from 'negotiator';
import { hasLimits, type Config } from '../config/config.js';
import { effectOf } from '../client/effects.js';
import { printableCopy } from '../client/printable.js';
import { titleOfPerson, type Asker } from '../exit/asker.js';
import { fullCostOf } from '../exit/cost.js';
import type { Outcome } from '../exit/decision.js';
import { fill } from '../exit/fill.js';
import type { Cost, HoldKind } from '../exit/hold-facts.js';
import { holdOf } from '../exit/hold-words.js';
import { standInOf, type StandIn } from '../exit/stand-in.js';
import type { StepAhead } from '../exit/steps.js';
import type { Session } from './login-sessions.js';
import de from './texts-de.js';
import en, { type Texts } from './texts-en.js';

export const consoleFolder = fileURLToPath(new URL('../../../console', import.meta.url));
export const languages: Record<string, Texts> = { en, de };
export const LANGUAGE_COOKIE = 'ems-language';

/** The language that the person has chosen, else the one that the browser asks for. */
export function languageOf({ headers }: FastifyRequest): string {
  const chosen = parseCookie(headers.cookie ?? '')[LANGUAGE_COOKIE] ?? '';
  if (Object.hasOwn(languages, chosen)) return chosen;
  return new Negotiator({ headers }).language(Object.keys(languages)) ?? 'en';
}

export interface Page {
  request: FastifyRequest;
  reply: FastifyReply;
  session?: Session | undefined;
  status?: number;
}

export type Pages = ReturnType<typeof pagesIn>;

/** A part of a page that is sent row by row. */
export interface Part {
  /** `console/pages/<name>.liquid` */
  name: string;
  data: object;
}

/** The page itself, or the one whose form was sent: the address of a form shows nothing. */
function pageOf({ method, url, routeOptions, server }: FastifyRequest): string {
  if (method === 'GET') return url;
  let { url: pattern = '/' } = routeOptions;
  let page = new URL(url, 'http://console').pathname;
  while (!server.hasRoute({ method: 'GET', url: pattern }))
    [pattern, page] = [path.posix.dirname(pattern), path.posix.dirname(page)];
  return page;
}

/** @param more a page that the menu has besides */
export function pagesIn(config: Config, more?: { href: string; text: string }) {
  const { timeZone } = config.interview;
  const engines = Object.fromEntries(
    Object.keys(languages).map((language) => [language, engineFor(language, timeZone)]),
  );

  async function htmlOf(name: string, { request, session }: Page, data: object): Promise<string> {
    const language = languageOf(request);
    const user = session?.user;
    return (await engines[language]!.renderFile(`${name}.liquid`, {
      ...printableCopy(data),
      t: languages[language],
      organisation: config.organisation.name,
      timeZone,
      hasLimits: hasLimits(config),
      more: more && { href: more.href, text: more.text },
      path: pageOf(request),
      csrf: session?.csrf,
      user: user && printableCopy(user),
      may: Object.fromEntries((user?.acts ?? []).map((act) => [act, true])),
    })) as string;
  }

  const answer = ({ request, reply, status = 200 }: Page): FastifyReply =>
    reply
      .code(status)
      .header('cache-control', 'no-store')
      .header('content-language', languageOf(request))
      .type('text/html; charset=utf-8');

  return {
    /** Sends the page `console/pages/<name>.liquid`. */
    render: async (name: string, page: Page, data: object = {}): Promise<FastifyReply> => {
      const html = await htmlOf(name, page, data);
      return answer(page).send(html);
    },

    /** Sends a page as it comes about: each part at the mark `<!--parts-->`. */
    stream: async (
      name: string,
      page: Page,
      data: object,
      parts: AsyncIterable<Part>,
    ): Promise<FastifyReply> => {
      const [head, tail] = (await htmlOf(name, page, data)).split('<!--parts-->');
      async function* sent(): AsyncGenerator<string> {
        yield head!;
        for await (const part of parts) yield await htmlOf(part.name, page, part.data);
        yield tail!;
      }
      return answer(page).send(Readable.from(sent()));
    },
  };
}

function engineFor(language: string, timeZone: string): Liquid {
  const liquid = new Liquid({
    root: `${consoleFolder}/pages`,
    cache: true,
    outputEscape: 'escape',
    strictFilters: true,
    strictVariables: true,
    lenientIf: true,
    ownPropertyOnly: true,
  });
  liquid.unregisterFilter('raw');
  const texts = languages[language]!;
  const locale = language === 'en' ? 'en-GB' : language;
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  const day = format({ dateStyle: 'medium', timeZone });
  const calendarDate = format({ dateStyle: 'medium', timeZone: 'UTC' });
  const time = format({ dateStyle: 'medium', timeStyle: 'short', timeZone });
  const showTime = (iso: string): string => time.format(new Date(iso));
  /** `{{ t.due.decision | fill: date }}`: each `{}` becomes the next value. */
  liquid.registerFilter('fill', fill);
  liquid.registerFilter('hold', (hold: HoldKind) => holdOf(hold, texts.holds));
  liquid.registerFilter('cost', ({ doubt: _doubt, ...cost }: Cost) => fullCostOf(cost, texts.costs));
  liquid.registerFilter('stand_in', (reasons: StandIn) => standInOf(reasons, texts.standIn));
  liquid.registerFilter('effect', (step: StepAhead, outcome: Outcome, day: string | null) =>
    effectOf(step, { outcome: texts.outcomes[outcome], day: day ?? undefined }, texts.effects),
  );
  /** `{{ act | person: 'decidedBy' }}`: the address in that member, and the name in another. */
  liquid.registerFilter('person', (act: Record<string, unknown>, by = 'by', asker = 'asker') =>
    titleOfPerson(act[by] as string, act[asker] as Asker | undefined),
  );
  liquid.registerFilter('day', (iso: string) =>
    (/^\d{4}-\d\d-\d\d$/.test(iso) ? calendarDate : day).format(new Date(iso)),
  );
  liquid.registerFilter('time', showTime);
  const moment = format({ dateStyle: 'short', timeStyle: 'medium', timeZone });
  liquid.registerFilter('moment', (iso: string) => moment.format(new Date(iso)));
  liquid.registerFilter('slot', (start: string, end: string, zone: string) => {
    const range = format({ dateStyle: 'full', timeStyle: 'short', timeZone: zone });
    return `${range.formatRange(new Date(start), new Date(end))} (${zone})`;
  });
  /** A sentence of the exit, which names instants in UTC. */
  liquid.registerFilter('local', (text: string) =>
    text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, showTime),
  );
  return liquid;
}
