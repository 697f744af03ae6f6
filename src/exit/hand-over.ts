import { z } from 'zod';
import type { Acting } from './acting.js';
import { AskedFields, type ActedBy } from './asker.js';
import { parse, type Parsed } from './input.js';
import { isSameIdentity, MailAddress } from './mail-address.js';
import type { Contact } from './people.js';

/** The argument of the update `handOver`: another HR partner takes an open exit over. */
export type HandOver = z.output<typeof HandOverFields>;

export const HandOverFields = z.object(
  {
    to: z.object({
      name: z.string().min(1).max(254),
      email: MailAddress,
      language: z.string().optional(),
    }),
    /** Mail address of the person who hands the exit over. Never the employee concerned. */
    by: MailAddress,
    ...AskedFields,
  },
  'must be an object such as {"to":{"name":"Acme HR","email":"hr@acme.example"},"by":"hr@acme.example"}',
);

/** A hand-over, for the record. */
export interface HandedOver extends ActedBy {
  /** ISO 8601, UTC. */
  at: string;
  from: Contact;
  to: Contact;
}

export const parseHandOver = (input: unknown, problemWith: Acting, present: Contact): Parsed<HandOver> =>
  parse(HandOverFields, input, ({ to, by }) => {
    if (isSameIdentity(to.email, present.email)) return `to: ${to.email} has the exit already`;
    return problemWith('by', by);
  });
