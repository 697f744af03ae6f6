/** What the pages and the forms of the console are given. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import type { Refused } from './console-forms.js';
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
  form: <T>(url: string, form: ActForm<T>) => void;
}

/** A form of a page. */
interface ActForm<T> {
  /** As the log has it. */
  act: string;
  perform: (seen: Seen) => T | Promise<T>;
  /** Sends the browser on, or a page. */
  done: (seen: Seen, result: T) => unknown;
  /** The page with the reason, where the person can mend it there. */
  refused: (seen: Seen, shown: Refused) => unknown;
}

export interface MorePage {
  /** Where the menu leads. */
  href: string;
  /** What the menu says: a member of `nav` of the texts. */
  text: keyof Texts['nav'];
  route: (routes: ConsoleRoutes) => void;
}
