import { InvalidArgumentError, Option } from 'commander';
import { forms, type Form } from '../client/forms.js';
import { isSameIdentity } from '../exit/mail-address.js';
import type { Session } from './session.js';

/** What every command on one exit takes. */
export interface ExitOptions {
  form?: Form;
}

export const formOption = (description = 'ask only this form; default: wherever the exit is'): Option =>
  new Option('--form <form>', description).choices(forms);

/** Who acts. After a login it is that person, and no other. */
export const byOption = (session: Session, description: string): Option =>
  personOption(session, '--by <email>', description).makeOptionMandatory().default(session.person);

/** The same, where it may be left out. */
export const personOption = ({ person }: Session, flags: string, description: string): Option =>
  new Option(flags, description).argParser((named: string) => {
    if (person === undefined || isSameIdentity(named, person)) return named;
    throw new InvalidArgumentError(`You are logged in as ${person}, so leave it out.`);
  });
