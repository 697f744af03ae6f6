/** The log of a process: JSON lines on stderr, with time and level. It names exits and steps, and no person, address or secret. */
import {
  destination,
  pino,
  stdSerializers,
  stdTimeFunctions,
  type DestinationStream,
  type Logger,
} from 'pino';

export type Log = Logger;

/** What servers answer names mailboxes, and an address may carry a password. An escape of JSON beside it stays whole. */
export const withoutAddresses = (text: string): string =>
  text.replaceAll(/(\\u[\da-f]{4}|\\.)|[^\s<>"'(\\]+@[^\s<>"'),;\\]+/gi, (_, escape = '[address]') => escape);

/** @param to default: stderr, written at once, so that the last line of a process is not lost */
export const createLog = (to: DestinationStream = destination({ fd: 2, sync: true })): Log =>
  pino(
    {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      // As the Temporal SDK names it.
      serializers: { error: stdSerializers.err },
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: withoutAddresses },
    },
    to,
  );
