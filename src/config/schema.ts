/** What `ems.config.yaml` may say. */
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { IsoDate, LanguageTag, MailAddress } from '../exit/input.js';
import { builtInSteps, customBeginnings } from '../exit/steps.js';

/** An ISO 8601 duration such as `PT15M`, as milliseconds. */
const DurationMs = z.string('must be an ISO 8601 duration such as "PT15M"').transform((text, context) => {
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

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-"');
const Url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .refine(isWithoutPassword, 'must be without a user or password')
  .transform((url) => url.replace(/\/+$/, ''));
const VariableName = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'must be the name of an environment variable');
const Person = z.strictObject({
  name: z.string().min(1),
  email: MailAddress,
  /** What they are written to in; English where there is none. */
  language: LanguageTag.optional(),
});
/** A CalDAV calendar (RFC 4791). An empty URL, as of a variable that is not set, is none. */
const Calendar = z.strictObject({
  url: z.union([Url, z.literal('')], 'must be an http(s) URL, or empty for none'),
  user: z.string().regex(/^[^:]+$/, 'must be a user name, without ":" (RFC 7617)'),
  passwordEnv: VariableName,
});
const HrPartner = Person.extend({ calendar: Calendar.optional() });
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "09:00"');
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const ScimServer = z.strictObject({
  scimUrl: Url,
  /** The environment variable that holds the bearer token. */
  tokenEnv: VariableName,
});

const Hold = z.union(
  [
    z.literal('suspend').transform(() => ({ kind: 'suspend' as const })),
    z
      .strictObject({ groups: z.array(z.string().min(1)).min(1) })
      .transform(({ groups }) => ({ kind: 'groups' as const, groups })),
  ],
  'must be "suspend", or "groups" with the list of the critical groups',
);

/** A step of the company's own, in both forms: a call that carries a CloudEvent, or a task for a person. */
const CustomStep = z
  .strictObject({
    name: Name.refine((name) => !builtInSteps.includes(name), 'is the name of a step that every exit has'),
    begins: z.enum(customBeginnings, `must be one of ${customBeginnings.join(', ')}`),
    /** Whether the exit stays open until the step is done. */
    gates: z.boolean().default(false),
    call: z
      .strictObject({
        url: Url,
        /** The environment variable that holds the bearer token. */
        tokenEnv: VariableName.optional(),
      })
      .optional(),
    task: z
      .strictObject({
        to: Person,
        /** What the person is to do, in one sentence. */
        ask: z.string().min(1).max(300),
        remindEvery: DurationMs,
        /** After how long an unconfirmed task needs attention. */
        within: DurationMs,
      })
      .optional(),
  })
  .refine(({ call, task }) => (call === undefined) !== (task === undefined), {
    message: 'must have either "call" or "task"',
  });

export const ConfigFile = z.strictObject({
  organisation: z.strictObject({
    name: z.string().min(1),
    /** Right-hand side of Message-IDs and calendar UIDs. */
    domain: z.hostname('must be a domain such as acme.example'),
  }),
  taskQueues: z.enum(['shared', 'per-service']).default('shared'),
  directory: ScimServer,
  mail: z.strictObject({
    host: z.string().min(1),
    port: z.coerce.number().int().min(1).max(65535),
    /** TLS from the first byte; otherwise STARTTLS is used where the server offers it. */
    tls: z.boolean().default(false),
    user: z.string().optional(),
    passwordEnv: z.string().optional(),
    from: Person,
  }),
  contacts: z.strictObject({
    /**
     * The interview is with the first of them who has time; the first one is asked for the decision where there is none yet, and told in
     * place of a missing manager.
     */
    hrPartners: z
      .array(HrPartner)
      .min(1, 'must name at least one HR partner')
      .refine(
        (partners) => new Set(partners.map(({ email }) => email.toLowerCase())).size === partners.length,
        'must have distinct mail addresses',
      ),
    /** Whom employees and managers are pointed to when something is stuck. */
    operator: Person,
    /** Who hears of a decision that is overdue. */
    escalation: Person,
  }),
  policy: z.strictObject({
    attentionAfter: DurationMs,
    retry: z.strictObject({ initialInterval: DurationMs, maximumInterval: DurationMs }),
    /** How long one request to a server may take. */
    requestTimeout: DurationMs,
    /** How often every open hold is looked at again. */
    recheckEvery: DurationMs.refine((ms) => ms >= 1000, 'must be at least "PT1S"'),
    /** What follows when a hold has drifted: it is asserted again, or it waits for an operator. */
    onDrift: z.enum(['reassert', 'report'], 'must be "reassert" or "report"').default('reassert'),
    /** How the decision is waited for; counted from the resignation. */
    review: z
      .strictObject({
        /** When the HR partner is reminded. */
        remindAfter: z
          .array(DurationMs)
          .max(20, 'must be at most 20 reminders')
          .refine(
            (steps) => steps.every((ms, i) => i === 0 || ms > steps[i - 1]!),
            'must be in rising order',
          ),
        /** When the decision is overdue, and is escalated. */
        within: DurationMs,
        /** How long after an escalation the next one follows. */
        escalateEvery: DurationMs,
      })
      .refine(({ remindAfter, within }) => remindAfter.every((ms) => ms < within), {
        path: ['remindAfter'],
        message: 'must all be shorter than "within"',
      }),
  }),
  interview: z.strictObject({
    timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin"'),
    workingDays: z.array(z.enum(days)).min(1),
    workingHours: z
      .strictObject({ from: TimeOfDay, to: TimeOfDay })
      .refine(({ from, to }) => from < to, 'must begin before they end'),
    duration: DurationMs,
    /** At least this long after the resignation. */
    leadTime: DurationMs,
    /** At most this many working days after the resignation. */
    withinWorkingDays: z.number().int().min(1).max(60),
    holidays: z.array(IsoDate).default([]),
  }),
  steps: z
    .array(CustomStep)
    .default([])
    .refine(
      (steps) => new Set(steps.map(({ name }) => name)).size === steps.length,
      'must have distinct names',
    ),
  systems: z
    .array(
      ScimServer.extend({
        name: Name,
        /** Where else than in `externalId` the system keeps the employee id. */
        accountAttribute: z
          .string()
          .default('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber'),
        hold: Hold,
        /** Groups whose last active member no hold takes away, unless somebody overrides it: the administrators, for instance. */
        protectedGroups: z.array(z.string().min(1)).default([]),
        /** Held over all workers together. */
        rateLimit: z.strictObject({ requestsPerSecond: z.number().positive() }).optional(),
        /** Ends the sessions of an account: a suspension alone lets tokens live on, and reactivation revives them. */
        sessionRevocation: z
          .strictObject({
            method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
            /** A URI template (RFC 6570) with `{id}`, `{userName}`. */
            url: z
              .string()
              .regex(/^https?:\/\/\S+$/, 'must be an http(s) URL, with {id} or {userName} in it')
              .refine(isWithoutPassword, 'must be without a user or password'),
            tokenEnv: VariableName,
          })
          .optional(),
      }),
    )
    .min(1, 'must name at least one critical system')
    .refine(
      (systems) => new Set(systems.map(({ name }) => name)).size === systems.length,
      'must have distinct names',
    ),
});

/** An address is shown in errors. */
function isWithoutPassword(url: string): boolean {
  return !/^\w+:\/\/[^/]*@/.test(url);
}

function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
