/** The schema of `ems.config.yaml`. */
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { IsoDate } from '../exit/input.js';
import { asciiDomain, isSameIdentity } from '../exit/mail-address.js';
import { isTemplate, VARIABLES } from '../exit/matching.js';
import { deciderRoles } from '../exit/people.js';
import { confirmable } from '../exit/proposals.js';
import { builtInSteps, customBeginnings } from '../exit/steps.js';
import {
  DurationMs,
  hasOnly,
  isWithoutPassword,
  Name,
  Person,
  RemindMs,
  Url,
  VariableName,
} from './fields.js';
import { KeySet } from './jwks-schema.js';
import { KeycloakRealm } from './keycloak-schema.js';
import { employeeIdAttribute, isPolicyOfOpenldap, LdapServer } from './ldap-schema.js';
import { ManualService } from './manual-schema.js';
import { OwnAdapter } from './own-schema.js';
import { Subscriber } from './subscriber-schema.js';
import { Webhook } from './webhook-schema.js';
import { days } from './days.js';

const Domain = z.string().transform((text, context) => {
  const domain = asciiDomain(text);
  if (domain !== undefined) return domain;
  context.addIssue({ code: 'custom', message: 'must be a domain such as acme.example' });
  return z.NEVER;
});
/** A CalDAV calendar (RFC 4791). An empty URL, such as from an unset variable, means none. */
const Calendar = z.strictObject({
  url: z.union([Url, z.literal('')], 'must be an http(s) URL, or empty for none'),
  user: z.string().regex(/^[^:]+$/, 'must be a user name, without ":" (RFC 7617)'),
  passwordEnv: VariableName,
});
const HrPartner = Person.extend({ calendar: Calendar.optional() });
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "09:00"');

const ScimServer = z.strictObject({
  scimUrl: Url,
  /** The environment variable with the bearer token. */
  tokenEnv: VariableName,
});

const EMPLOYEE_NUMBER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber';

/** How an account is found, in this order: `- userName: '{login}'`. */
const MatchKeys = z.array(
  z
    .record(
      z.string(),
      z.string().refine(isTemplate, `must contain one of ${VARIABLES.map((name) => `{${name}}`).join(', ')}`),
    )
    .refine(
      (key) => Object.keys(key).length === 1 && Object.keys(key)[0]!.trim() !== '',
      "must have one attribute, such as userName: '{login}'",
    )
    .transform((key) => {
      const [[attribute, template]] = Object.entries(key) as [[string, string]];
      return { attribute, template };
    }),
);

/** What the system gives back after a hold, where its adapter cannot tell. */
const Restore = z.union(
  [
    z.literal('exact'),
    z.strictObject({ loses: z.string().min(1).max(200) }),
    z.strictObject({ needs: z.string().min(1).max(200) }),
    /** A suspension deletes the account, and the company accepts that. */
    z.literal('nothing'),
  ],
  'must be "exact", "nothing", or "loses" or "needs" with what',
);

const Hold = z.union(
  [
    z.literal('suspend').transform(() => ({ kind: 'suspend' as const })),
    z
      .strictObject({ groups: z.array(z.string().min(1)).min(1) })
      .transform(({ groups }) => ({ kind: 'groups' as const, groups })),
  ],
  'must be "suspend", or "groups" with the list of the critical groups',
);

/** A custom step, in both forms: a call with a CloudEvent, or a task for a person. */
const CustomStep = z
  .strictObject({
    name: Name.refine((name) => !builtInSteps.includes(name), 'is the name of a step that every exit has'),
    begins: z.enum(customBeginnings, `must be one of ${customBeginnings.join(', ')}`),
    /** Whether the exit closes only after the step. */
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
        /** The task, in one sentence. */
        ask: z.string().min(1).max(300),
        remindEvery: RemindMs,
        /** An unconfirmed task needs attention after this long. */
        within: DurationMs,
      })
      .optional(),
  })
  .refine(({ call, task }) => (call === undefined) !== (task === undefined), {
    message: 'must have either "call" or "task"',
  });

/** What every critical system has, whatever its protocol. */
const system = {
  name: Name,
  /** Keys of further accounts of the same person, such as an administrator's: each of them is held as well. */
  also: MatchKeys.default([]),
  hold: Hold,
  restore: Restore.optional(),
  /** How long access goes on after a block, by sessions and tokens. */
  tokensLive: DurationMs.optional(),
  /** Groups, such as the administrators, whose last active member a hold must not take without an override. */
  protectedGroups: z.array(z.string().min(1)).default([]),
  /** How long a read may show the value from before a write. */
  settle: DurationMs.optional(),
  /** For all workers together. */
  rateLimit: z.strictObject({ requestsPerSecond: z.number().positive() }).optional(),
};

const SomeKeys = MatchKeys.min(1, 'must have at least one key');
const byEmployeeId = (attribute: string) => ({ attribute, template: '{employeeId}' });

const ScimSystem = ScimServer.extend({
  ...system,
  /** The default. */
  protocol: z.literal('scim').optional().default('scim'),
  match: SomeKeys.default([byEmployeeId('externalId'), byEmployeeId(EMPLOYEE_NUMBER)]),
  /** Ends the sessions of an account, since its tokens may survive a suspension, and a reactivation revives them. */
  sessionRevocation: z
    .strictObject({
      method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
      /** A URI template (RFC 6570) with `{id}`, `{userName}`. */
      url: z
        .string()
        .regex(/^https?:\/\/\S+$/, 'must be an http(s) URL')
        // One call without them could end the sessions of all.
        .refine(
          (url) => hasOnly(url, ['id', 'userName']),
          'must name the account by {id} or {userName}, and have no other variable',
        )
        .refine(isWithoutPassword, 'must be without a user or password'),
      tokenEnv: VariableName,
    })
    .optional(),
});

const KeycloakSystem = KeycloakRealm.extend({
  ...system,
  /** The address of Keycloak, with the path before `/realms` where it has one. */
  url: Url.refine((url) => !/\/realms(\/|$)/.test(url), 'must end before /realms: "realm" names the realm'),
  /** The environment variable with the secret of the client. */
  clientSecretEnv: VariableName,
  match: SomeKeys.default([byEmployeeId('employeeNumber')]),
});

const LdapSystem = LdapServer.extend({
  ...system,
  /** The environment variable with the password of `bindDn`. */
  passwordEnv: VariableName,
  match: SomeKeys.optional(),
})
  .refine(isPolicyOfOpenldap, {
    path: ['defaultPolicy'],
    error: 'must be left out with "active-directory", which has none',
  })
  .transform(({ match, ...checked }) => ({
    ...checked,
    match: match ?? [byEmployeeId(employeeIdAttribute(checked.directory))],
  }));

const OwnSystem = OwnAdapter.extend({
  ...system,
  /** What an attribute means, the adapter knows. */
  match: SomeKeys.default([byEmployeeId('employeeId')]),
});

const ManualSystem = ManualService.extend({ name: Name, hold: Hold });

export const ConfigFile = z.strictObject({
  organisation: z.strictObject({
    name: z.string().min(1),
    /** The right-hand side of Message-IDs and calendar UIDs; becomes ASCII. */
    domain: Domain,
    /** Mails link to the exit there. Empty, such as from an unset variable: none do, and they name commands. */
    consoleUrl: z.union([Url, z.literal('')], 'must be an http(s) URL, or empty for none').default(''),
  }),
  taskQueues: z.enum(['shared', 'per-service']).default('shared'),
  directory: ScimServer,
  mail: z.strictObject({
    host: z.string().min(1),
    port: z.coerce.number().int().min(1).max(65535),
    /** Implicit TLS (RFC 8314 §3.3); otherwise STARTTLS where the server offers it. */
    tls: z.boolean().default(false),
    user: z.string().optional(),
    passwordEnv: z.string().optional(),
    from: Person,
  }),
  contacts: z.strictObject({
    /**
     * The interview is with the first one who has a free time. The first in the list decides on exits whose interview is not scheduled,
     * and replaces a missing manager.
     */
    hrPartners: z
      .array(HrPartner)
      .min(1, 'must name at least one HR partner')
      .refine(
        (partners) =>
          partners.every(
            ({ email }, i) => partners.findIndex((other) => isSameIdentity(other.email, email)) === i,
          ),
        'must have distinct mail addresses',
      ),
    /** Resolves steps that need attention, and answers questions on access. */
    operator: Person,
    /** Receives the mails on overdue decisions. */
    escalation: Person,
  }),
  policy: z.strictObject({
    attentionAfter: DurationMs,
    retry: z.strictObject({ initialInterval: DurationMs, maximumInterval: DurationMs }),
    /** The timeout of one request to a server. */
    requestTimeout: DurationMs,
    /** The interval of the checks of an open hold. */
    recheckEvery: DurationMs.refine((ms) => ms >= 1000, 'must be at least "PT1S"'),
    /** On drift the hold blocks again, or an operator decides. */
    onDrift: z.enum(['reassert', 'report'], 'must be "reassert" or "report"').default('reassert'),
    /** The reminders and escalations of an open decision, counted from the resignation. */
    review: z
      .strictObject({
        /** The times of the reminders to the HR partner. */
        remindAfter: z
          .array(DurationMs)
          .max(20, 'must be at most 20 reminders')
          .refine(
            (steps) => steps.every((ms, i) => i === 0 || ms > steps[i - 1]!),
            'must be in rising order',
          ),
        /** From then on the decision is overdue, and is escalated. */
        within: DurationMs,
        /** The interval between escalations. */
        escalateEvery: DurationMs,
      })
      .refine(({ remindAfter, within }) => remindAfter.every((ms) => ms < within), {
        path: ['remindAfter'],
        message: 'must all be shorter than "within"',
      }),
  }),
  /** Who decides, and what one person may not decide alone. */
  decisions: z
    .strictObject({
      /** Roles, or people; default: each contact, and each person of the directory except the employee. */
      deciders: z
        .array(
          z.union(
            [z.enum(deciderRoles), Person],
            `must be ${deciderRoles.join(', ')}, or a name and an email`,
          ),
        )
        .min(1, 'must name at least one, or be left out')
        .optional(),
      /** Each of these counts once a second person confirms it. */
      secondPerson: z
        .array(z.enum(confirmable, `must be one of ${confirmable.join(', ')}`))
        .transform((all) => [...new Set(all)])
        .default([]),
      /** An act counts with the signature of the API alone, by one of these public keys. */
      signed: z
        .strictObject({
          keys: KeySet,
          /** Acts that arrived before count without, as do the exits that they decided. */
          since: z.iso
            .datetime({ offset: true, error: 'must be a time such as 2026-12-01T14:00:00Z' })
            .transform((time) => new Date(time).toISOString())
            .optional(),
        })
        .optional(),
    })
    .prefault({}),
  /** How many exits are opened without a second person; default: all. */
  openings: z
    .strictObject({
      /** In any hour, by all people and programs together. Beyond it each opening waits, until none of them waits any more. */
      perHour: z.number().int().positive().optional(),
      /** Rows of a table. */
      perTable: z.number().int().positive().optional(),
    })
    .prefault({}),
  interview: z.strictObject({
    timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin"'),
    workingDays: z.array(z.enum(days)).min(1),
    workingHours: z
      .strictObject({ from: TimeOfDay, to: TimeOfDay })
      .refine(({ from, to }) => from < to, 'must begin before they end'),
    duration: DurationMs,
    /** The minimum time between resignation and interview. */
    leadTime: DurationMs,
    /** The interview is preferably within so many working days. Where no such time is free, the search goes on up to 60. */
    withinWorkingDays: z.number().int().min(1).max(60),
    holidays: z.array(IsoDate).default([]),
  }),
  /** When HR gets a mail with the open exits, on the company's clock; absent: never. */
  digest: z.strictObject({ day: z.enum(days), at: TimeOfDay }).optional(),
  steps: z
    .array(CustomStep)
    .default([])
    .refine(
      (steps) => new Set(steps.map(({ name }) => name)).size === steps.length,
      'must have distinct names',
    ),
  systems: z
    .array(
      z.discriminatedUnion('protocol', [ScimSystem, LdapSystem, KeycloakSystem, OwnSystem, ManualSystem], {
        error: 'must be "scim" (the default), "ldap", "keycloak", "own" or "manual"',
      }),
    )
    .min(1, 'must name at least one critical system')
    .refine(
      (systems) => new Set(systems.map(({ name }) => name)).size === systems.length,
      'must have distinct names',
    ),
  /** Each of them hears of exits: docs/webhooks.md. */
  subscribers: z
    .array(Subscriber)
    .default([])
    .refine(
      (subscribers) => new Set(subscribers.map(({ name }) => name)).size === subscribers.length,
      'must have distinct names',
    ),
  /** Each of them may open exits: docs/webhooks.md. */
  webhooks: z
    .array(Webhook)
    .default([])
    .refine(
      (webhooks) => new Set(webhooks.map(({ source }) => source)).size === webhooks.length,
      'must have distinct sources',
    ),
});

function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
