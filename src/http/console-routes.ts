/** What the pages and the forms of the console are given. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import type { ExitsFor } from './exits-for.js';
import type { Session } from './login-sessions.js';
import type { Pages } from './pages.js';
import type { Texts } from './texts-en.js';

/** What a page has of its request. */
export interface Seen {
  request: FastifyRequest;
  reply: FastifyReply;
  session: Session;
  exits: ExitsFor;
}

export interface ConsoleRoutes {
  app: FastifyInstance;
  config: Config;
  render: Pages['render'];
  stream: Pages['stream'];
  publicUrl: string;
  /** A page for people who are logged in; others are sent to the login. */
  page: (url: string, show: (seen: Seen) => Promise<unknown>) => void;
  /** A form of a page, after which the browser is sent on. */
  form: (url: string, act: (seen: Seen) => Promise<unknown>) => void;
}

export interface MorePage {
  /** Where the menu leads. */
  href: string;
  /** What the menu says: a member of `nav` of the texts. */
  text: keyof Texts['nav'];
  route: (routes: ConsoleRoutes) => void;
}
