/** Fields that several parts of `ems.config.yaml` have. */
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { LanguageTag } from '../exit/input.js';
import { MailAddress } from '../exit/mail-address.js';

/** An ISO 8601 duration such as `PT15M`, as milliseconds. */
export const DurationMs = z
  .string('must be an ISO 8601 duration such as "PT15M"')
  .transform((text, context) => {
    try {
      const ms = Temporal.Duration.from(text).total('milliseconds');
      if (ms > 0) return ms;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    context.addIssue({
      code: 'custom',
      message: `must be a positive ISO 8601 duration such as "PT15M", not "${text}"`,
    });
    return z.NEVER;
  });

/** How often a person gets a mail. */
export const RemindMs = DurationMs.refine((ms) => ms >= 1000, 'must be at least one second, "PT1S"');

export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-"');
export const Url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .refine(isWithoutPassword, 'must be without a user or password')
  .transform((url) => url.replace(/\/+$/, ''));
export const VariableName = z
  .string()
  .regex(/^[A-Z_][A-Z0-9_]*$/, 'must be the name of an environment variable');
export const Person = z.strictObject({
  name: z.string().min(1),
  email: MailAddress,
  /** The language of mails to them; default: English. */
  language: LanguageTag.optional(),
});

/** Whether a URI template (RFC 6570) has these variables alone, and one of them: an unknown one would expand to nothing. */
export function hasOnly(template: string, variables: readonly string[]): boolean {
  const named = [...template.matchAll(/\{[+#./;?&]?([^{}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(',').map((each) => each.replace(/(:\d+|\*)$/, '')),
  );
  return named.length > 0 && named.every((each) => variables.includes(each));
}

/** Errors show addresses. */
export function isWithoutPassword(url: string): boolean {
  return !/^\w+:\/\/[^/]*@/.test(url);
}
