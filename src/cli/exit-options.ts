import { Option } from 'commander';
import { forms, type Form } from '../client/forms.js';

/** What every command on one exit takes. */
export interface ExitOptions {
  form?: Form;
}

export const formOption = (description = 'ask only this form; default: wherever the exit is'): Option =>
  new Option('--form <form>', description).choices(forms);
