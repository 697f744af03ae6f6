import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig, type Config } from '../src/config/config.js';
import { loadNatsConfig, loadTemporalConfig, natsConfigOf } from '../src/config/environment.js';
import { ConfigError } from '../src/config/config-error.js';
import { loadSettings } from '../src/http/settings.js';
import { scimSystemsOf } from './support/sample-config.js';
import { scratchFolder } from './support/temporal.js';

const sample = readFileSync('ems.config.yaml', 'utf8');
const tokens = {
  DIRECTORY_SCIM_TOKEN: 'secret-directory',
  PAYROLL_SCIM_TOKEN: 'secret-payroll',
  CODE_SCIM_TOKEN: 'secret-code',
  PRODUCTION_SCIM_TOKEN: 'secret-production',
};
const read = (text: string, env: Record<string, string> = tokens): Config =>
  parseConfig(text, 'ems.config.yaml', env);

function mistake(from: string | RegExp, to: string): string {
  const changed = sample.replace(from, to);
  assert.notEqual(changed, sample, 'the sample no longer has what this test changes');
  try {
    read(changed);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail('the mistake was not seen');
}

const withSteps = `
steps:
  - name: final-pay
    begins: leaving
    gates: true
    call: { url: 'https://payroll.example/final-pay', tokenEnv: PAYROLL_TOKEN }
  - name: collect-laptop
    begins: access-settled
    task: { to: { name: Ida, email: ida.berg@acme.example }, ask: Collect it, remindEvery: P1D, within: P5D }
`;

/** The example of the documentation. */
const withDirectory = readFileSync('docs/identity-providers.md', 'utf8')
  .match(/```yaml\nsystems:(\n.*?)```/s)![1]!
  .replaceAll(/ +#.*/g, '');

const withKeycloak = `
  - name: identity
    protocol: keycloak
    url: https://id.acme.example/auth/
    realm: acme
    clientId: ems
    clientSecretEnv: IDENTITY_SECRET
    hold: suspend
`;

/** The examples of the documentation. */
const [withWebhook, withSubscriber] = [
  ...readFileSync('docs/webhooks.md', 'utf8').matchAll(/```yaml(\n.*?)```/gs),
].map(([, text]) => text!) as [string, string];

describe('the configuration', () => {
  it('gives durations in milliseconds', () => {
    const { policy, interview } = read(sample);
    assert.equal(policy.attentionAfter, 15 * 60 * 1000);
    assert.equal(policy.retry.initialInterval, 1000);
    assert.equal(interview.leadTime, 24 * 60 * 60 * 1000);
    assert.equal(read(sample.replace('PT15M', 'PT0.05S')).policy.attentionAfter, 50);
  });

  it('takes addresses from the environment, or else the default', () => {
    const elsewhere = read(sample, {
      ...tokens,
      PAYROLL_SCIM_URL: 'https://payroll.example/scim/v2/',
      SMTP_PORT: '2525',
    });
    assert.equal(scimSystemsOf(elsewhere)[0]?.scimUrl, 'https://payroll.example/scim/v2');
    assert.equal(elsewhere.mail.port, 2525);
    assert.equal(scimSystemsOf(read(sample))[0]?.scimUrl, 'http://127.0.0.1:9101/scim/v2');
  });

  it('reads a token only where it is used, and names the variable that is missing', () => {
    const config = read(sample, { DIRECTORY_SCIM_TOKEN: 'd' });
    assert.equal(config.directory.token, 'd');
    assert.throws(
      () => scimSystemsOf(config)[0]?.token,
      /systems\[0\]\.tokenEnv \(payroll\): the environment variable PAYROLL_SCIM_TOKEN is not set/,
    );
  });

  it('has the webhooks and subscribers that it names, and none by default', () => {
    assert.deepEqual([read(sample).webhooks, read(sample).subscribers], [[], []]);
    const secret = `whsec_${'A'.repeat(32)}`;
    const env = { ...tokens, BAMBOOHR_WEBHOOK_SECRETS: secret, WAREHOUSE_SECRETS: `${secret}, ${secret}` };
    const [webhook] = read(sample + withWebhook, env).webhooks;
    assert.deepEqual(webhook!.opens['/fields/Employment Status/value'], ['Terminated', 'Resigned']);
    assert.deepEqual(webhook!.secrets, [secret]);
    const [subscriber] = read(sample + withSubscriber, env).subscribers;
    assert.equal(subscriber!.giveUpAfter, 3 * 24 * 60 * 60 * 1000);
    assert.deepEqual(subscriber!.secrets, [secret, secret]);
  });

  for (const [text, from, to, problem] of [
    [withWebhook, '/action:', 'action:', /webhooks\[0\]\.opens: must have JSON pointers such as \/type/],
    [withWebhook, 'lookUp:', 'reason:', /webhooks\[0\]: must have either "employeeId" or "lookUp"/],
    [
      withWebhook,
      'lookUp:',
      'withdraws: { /action: Deleted }\n    lookUp:',
      /"withdraws" and "withdrawnBy" together/,
    ],
    [
      withWebhook,
      'each: /employees',
      'form: by-mail',
      /webhooks\[0\]\.form: must be "orchestrated", "choreographed"/,
    ],
    [
      withSubscriber,
      'access.blocked',
      'employee.hired',
      /subscribers\[0\]\.events\[0\]: must be one of employee\.resigned, /,
    ],
    [
      withSubscriber,
      'https://',
      'https://user:hidden@',
      /subscribers\[0\]\.url: must be without a user or password/,
    ],
    [withSubscriber, 'P3D', 'soon', /subscribers\[0\]\.giveUpAfter: must be a positive ISO 8601 duration/],
  ] as const)
    it(`refuses a webhook or subscriber with ${to.split('\n')[0]}`, () => {
      const changed = text.replace(from, to);
      assert.notEqual(changed, text, 'the example no longer has what this test changes');
      assert.throws(
        () => read(sample + changed),
        (error: Error) => error instanceof ConfigError && problem.test(error.message),
      );
    });

  it('has the custom steps that it names, with their times in milliseconds, or none', () => {
    assert.deepEqual(read(sample).steps, []);
    const { steps } = read(sample + withSteps, { PAYROLL_TOKEN: 'secret-step' });
    const [call, task] = steps;
    assert.deepEqual(call, { name: 'final-pay', begins: 'leaving', gates: true, call: { ...call!.call } });
    assert.deepEqual(call.call, { url: 'https://payroll.example/final-pay', token: 'secret-step' });
    assert.equal(task!.gates, false);
    assert.equal(task!.task!.remindEvery, 24 * 60 * 60 * 1000);
    const missing = read(sample + withSteps).steps[0]!;
    assert.throws(
      () => missing.call!.token,
      /steps\[0\]\.call\.tokenEnv \(final-pay\): the environment variable PAYROLL_TOKEN is not set/,
    );
  });

  const mistakenSteps: [from: string, to: string, message: RegExp][] = [
    ['name: final-pay', 'name: Final pay', /steps\[0\]\.name: must be lower-case letters, digits and "-"/],
    [
      'name: final-pay',
      'name: notify-manager',
      /steps\[0\]\.name: is the name of a step that every exit has/,
    ],
    ['name: final-pay', 'name: collect-laptop', /steps: must have distinct names/],
    [
      'begins: leaving',
      'begins: left',
      /steps\[0\]\.begins: must be one of resigned, retained, leaving, decided/,
    ],
    ['gates: true', 'gates: maybe', /steps\[0\]\.gates: /],
    ['gates: true', 'gate: true', /steps\[0\]: Unrecognized key: "gate"/],
    ['https://payroll', 'ftp://payroll', /steps\[0\]\.call\.url: must be an http\(s\) URL/],
    [
      'https://payroll',
      'https://me:hidden@payroll',
      /steps\[0\]\.call\.url: must be without a user or password/,
    ],
    [
      'PAYROLL_TOKEN',
      'payroll token',
      /steps\[0\]\.call\.tokenEnv: must be the name of an environment variable/,
    ],
    ['    call:', '    notCall:', /steps\[0\]: Unrecognized key: "notCall"/],
    ['ida.berg@acme.example', 'ida', /steps\[1\]\.task\.to\.email: must be a mail address/],
    [
      'remindEvery: P1D',
      'remindEvery: daily',
      /steps\[1\]\.task\.remindEvery: must be a positive ISO 8601 duration/,
    ],
    [', within: P5D', '', /steps\[1\]\.task\.within: must be an ISO 8601 duration/],
    [
      '    task:',
      '    call: { url: "https://x.example" }\n    task:',
      /steps\[1\]: must have either "call" or "task"/,
    ],
  ];
  for (const [from, to, message] of mistakenSteps)
    it(`refuses a step with the field and what was expected: ${to.trim()}`, () => {
      const steps = withSteps.replace(from, to);
      assert.notEqual(steps, withSteps);
      assert.throws(
        () => read(sample + steps),
        (error: Error) =>
          error instanceof ConfigError && message.test(error.message) && !error.message.includes('hidden'),
        message.source,
      );
    });

  it('has systems over LDAP, found by the employee id where their kind of directory keeps it', () => {
    const { systems } = read(sample + withDirectory, { WINDOWS_PASSWORD: 'hidden' });
    const windows = systems.at(-1);
    assert.ok(windows?.protocol === 'ldap');
    assert.deepEqual(windows.match, [
      { attribute: 'employeeID', template: '{employeeId}' },
      { attribute: 'userPrincipalName', template: '{email}' },
    ]);
    assert.equal(windows.password, 'hidden');
    assert.throws(() => windows.ca, /systems\[3\]\.caFile \(windows\): ENOENT.*acme-ca\.pem/);
    const byDefault = (kind: string) => {
      const text = withDirectory.replace(/    match:.*\n/, '').replace('active-directory', kind);
      const system = read(sample + text).systems.at(-1);
      assert.ok(system?.protocol === 'ldap');
      return system.match;
    };
    assert.deepEqual(byDefault('active-directory'), [windows.match[0]]);
    assert.deepEqual(byDefault('openldap'), [{ attribute: 'employeeNumber', template: '{employeeId}' }]);
  });

  const mistakenDirectories: [from: string, to: string, message: RegExp][] = [
    ['protocol: ldap', 'protocol: ldaps', /systems\[3\]\.protocol: must be "scim" \(the default\), "ldap"/],
    ['active-directory', 'ad', /systems\[3\]\.directory: must be "active-directory" or "openldap"/],
    ['url: ldaps:', 'url: https:', /systems\[3\]\.url: must be a URL such as ldaps:/],
    ['dc1.acme.example', 'ems:hidden@dc1.acme.example', /systems\[3\]\.url: must have a host, maybe a port/],
    ['CN=svc-ems,', 'svc-ems,', /systems\[3\]\.bindDn: must be a distinguished name such as/],
    ['    userBase:', '    base:', /systems\[3\]: Unrecognized key: "base"/],
    ['WINDOWS_PASSWORD', 'hidden', /systems\[3\]\.passwordEnv: must be the name of an environment variable/],
    [
      '    hold:',
      '    defaultPolicy: cn=x,dc=y\n    hold:',
      /systems\[3\]\.defaultPolicy: must be left out with/,
    ],
    ['    hold: suspend\n', '', /systems\[3\]\.hold: must be "suspend", or "groups"/],
    ['    hold:', '    scimUrl: https://x.example\n    hold:', /systems\[3\]: Unrecognized key: "scimUrl"/],
  ];
  for (const [from, to, message] of mistakenDirectories)
    it(`refuses a system over LDAP with the field and what was expected: ${to.trim()}`, () => {
      const directory = withDirectory.replace(from, to);
      assert.notEqual(directory, withDirectory);
      assert.throws(
        () => read(sample + directory),
        (error: Error) =>
          error instanceof ConfigError && message.test(error.message) && !error.message.includes('hidden'),
        message.source,
      );
    });

  it('has realms of Keycloak, found by the employee number, and reads the secret only where it is used', () => {
    const { systems } = read(sample + withKeycloak, { IDENTITY_SECRET: 'hidden' });
    const identity = systems.at(-1);
    assert.ok(identity?.protocol === 'keycloak');
    assert.deepEqual(identity.match, [{ attribute: 'employeeNumber', template: '{employeeId}' }]);
    assert.deepEqual([identity.url, identity.clientSecret], ['https://id.acme.example/auth', 'hidden']);
    const missing = read(sample + withKeycloak, {}).systems.at(-1);
    assert.ok(missing?.protocol === 'keycloak');
    assert.throws(
      () => missing.clientSecret,
      /systems\[3\]\.clientSecretEnv \(identity\): .* IDENTITY_SECRET/,
    );
  });

  const mistakenRealms: [from: string, to: string, message: RegExp][] = [
    ['https:', 'ldaps:', /systems\[3\]\.url: must be an http\(s\) URL/],
    ['id.acme', 'ems:hidden@id.acme', /systems\[3\]\.url: must be without a user or password/],
    ['    realm: acme\n', '', /systems\[3\]\.realm: /],
    [
      'IDENTITY_SECRET',
      'hidden',
      /systems\[3\]\.clientSecretEnv: must be the name of an environment variable/,
    ],
    ['    realm:', '    tokenEnv: TOKEN\n    realm:', /systems\[3\]: Unrecognized key: "tokenEnv"/],
  ];
  for (const [from, to, message] of mistakenRealms)
    it(`refuses a realm of Keycloak with the field and what was expected: ${to.trim() || from.trim()}`, () => {
      const realm = withKeycloak.replace(from, to);
      assert.notEqual(realm, withKeycloak);
      assert.throws(
        () => read(sample + realm),
        (error: Error) =>
          error instanceof ConfigError && message.test(error.message) && !error.message.includes('hidden'),
        message.source,
      );
    });

  const mistakes: [from: string | RegExp, to: string, message: RegExp][] = [
    ['PT15M', '15 minutes', /policy\.attentionAfter: must be a positive ISO 8601 duration.*"15 minutes"/],
    ['PT15M', 'PT0S', /policy\.attentionAfter: must be a positive/],
    ['Europe/Berlin', 'Europe/Bonn', /interview\.timeZone: must be an IANA time zone/],
    ["to: '17:00'", "to: '08:00'", /interview\.workingHours: must begin before they end/],
    ['email: hr@acme.example', 'email: hr', /contacts\.hrPartners\[0\]\.email: must be a mail address/],
    [
      'email: it@acme.example',
      'email: it@acme.example, language: de_DE',
      /contacts\.operator\.language: must be a language tag, for example "de" or "pt-BR"/,
    ],
    ['PT24H, PT48H, PT72H', 'PT48H, PT24H', /policy\.review\.remindAfter: must be in rising order/],
    ['within: PT120H', 'within: PT72H', /policy\.review\.remindAfter: must all be shorter than "within"/],
    [
      "'${HR_CALENDAR_URL:-}'",
      'ftp://x',
      /contacts\.hrPartners\[0\]\.calendar\.url: must be an http\(s\) URL/,
    ],
    ["'${HR_CALENDAR_USER:-hr}'", 'a:b', /hrPartners\[0\]\.calendar\.user: must be a user name, without ":"/],
    [
      'hrPartners:\n',
      'hrPartners:\n    - { name: Acme, email: HR@acme.example }\n',
      /contacts\.hrPartners: must have distinct mail addresses/,
    ],
    ['hold: suspend', 'hold: lock', /systems\[0\]\.hold: must be "suspend", or "groups"/],
    ['name: code', 'name: payroll', /systems: must have distinct names/],
    [/\nsystems:[\s\S]*/, '\nsystems: []', /systems: must name at least one critical system/],
    [
      'scimUrl: ${PAYROLL_SCIM_URL:-http://127.0.0.1:9101/scim/v2}',
      'scimUrl: payroll',
      /systems\[0\]\.scimUrl: must be an http\(s\) URL/,
    ],
    ['taskQueues: ${EMS_TASK_QUEUES:-shared}', 'taskQueue: shared', /Unrecognized key: "taskQueue"/],
    [
      'secondPerson: [leaving]',
      'signed: { keys: secret }',
      /decisions\.signed\.keys: must be a JWK Set as JSON/,
    ],
    [
      'secondPerson: [leaving]',
      `signed: { keys: '{"keys":[]}' }`,
      /signed\.keys\.keys: must have at least one key/,
    ],
    [
      'secondPerson: [leaving]',
      `signed: { keys: '{"keys":[{"kty":"RSA","crv":"Ed25519","kid":"1","x":"short"}]}' }`,
      /signed\.keys\.keys\[0\]\.kty: must be "OKP"; .*\.x: must be 32 bytes in base64url/,
    ],
    [
      'secondPerson: [leaving]',
      `signed: { keys: '{"keys":[]}', since: yesterday }`,
      /decisions\.signed\.since: must be a time such as 2026-12-01T14:00:00Z/,
    ],
    ['organisation:', 'organisation: [', /ems\.config\.yaml: /],
    ['name: Acme\n', 'name: ${COMPANY}\n', /the environment variable COMPANY is not set/],
  ];
  for (const [from, to, message] of mistakes) {
    it(`is refused with the field and what was expected: ${to.trim()}`, () =>
      assert.match(mistake(from, to), message));
  }

  const manual = `
  - name: ledger
    protocol: manual
    hold: suspend
    owner: { name: Lena Vogt, email: lena.vogt@acme.example }
    remindEvery: P1D
    within: P2D
    lookAgainEvery: P7D
`;

  it('tells critical systems apart by their protocol, and takes scim without one', () => {
    const { systems } = read(sample + manual);
    assert.deepEqual(
      systems.map(({ name, protocol }) => [name, protocol]),
      [
        ['payroll', 'scim'],
        ['code', 'scim'],
        ['production', 'scim'],
        ['ledger', 'manual'],
      ],
    );
  });

  const mistakenSystems: [from: string, to: string, message: RegExp][] = [
    [
      'protocol: manual',
      'protocol: telex',
      /systems\[3\]\.protocol: must be "scim" \(the default\), "ldap", "keycloak", "own" or "manual"/,
    ],
    ['    protocol: manual\n', '', /systems\[3\]\.scimUrl: /],
    ['email: lena', 'mail: lena', /systems\[3\]\.owner\.email: must be a mail address/],
    [
      'remindEvery: P1D',
      'remindEvery: daily',
      /systems\[3\]\.remindEvery: must be a positive ISO 8601 duration/,
    ],
    [
      'lookAgainEvery: P7D',
      'lookAgainEvery: 7',
      /systems\[3\]\.lookAgainEvery: must be an ISO 8601 duration/,
    ],
    ['within: P2D', 'scimUrl: https://x.example', /systems\[3\]\.within: must be an ISO 8601 duration/],
    ['hold: suspend', 'hold: lock', /systems\[3\]\.hold: must be "suspend", or "groups"/],
  ];
  for (const [from, to, message] of mistakenSystems)
    it(`refuses a system with the field and what was expected: ${to.trim() || 'no protocol'}`, () => {
      const systems = manual.replace(from, to);
      assert.notEqual(systems, manual);
      assert.throws(() => read(sample + systems), message);
    });

  const scim = `
  - { name: crm, scimUrl: https://crm.example, tokenEnv: CODE_SCIM_TOKEN, hold: suspend, match: [{ userName: '{login}' }],
      sessionRevocation: { url: 'https://crm.example/{id}', tokenEnv: CODE_SCIM_TOKEN } }
`;
  const ofAccount = /systems\[3\]\.sessionRevocation\.url: must name the account by \{id\} or \{userName\}/;
  const noSense: [systems: string, from: string, to: string, message: RegExp][] = [
    [scim, '/{id}', '/all', ofAccount],
    [scim, '/{id}', '/{name}', ofAccount],
    [scim, '/{id}', '/{id}{?name}', ofAccount],
    [scim, '{ userName:', "{ '': ", /systems\[3\]\.match\[0\]: must have one attribute/],
    [withKeycloak, '/auth/', '/auth/realms/acme', /systems\[3\]\.url: must end before \/realms/],
    [manual, 'remindEvery: P1D', 'remindEvery: PT0.001S', /systems\[3\]\.remindEvery: must be at least/],
  ];
  for (const [systems, from, to, message] of noSense)
    it(`refuses what can only be a mistake: ${to}`, () => {
      assert.ok(systems.includes(from));
      assert.throws(
        () => read(sample + systems.replace(from, to), { ...tokens, IDENTITY_SECRET: 's' }),
        message,
      );
    });

  it('takes a URL that names the account in the query', () => {
    assert.ok(read(sample + scim.replace('/{id}', '/end{?id,userName}')));
  });

  it('keeps every secret out of its errors', () => {
    const error = mistake('PT15M', 'soon');
    for (const token of Object.values(tokens)) assert.ok(!error.includes(token));
  });

  it('refuses a token that no header can hold, and a URL with a password, and shows neither', () => {
    const config = read(sample, { ...tokens, PAYROLL_SCIM_TOKEN: 'one-half\nthe-other' });
    assert.throws(
      () => scimSystemsOf(config)[0]!.token,
      (error: Error) =>
        /PAYROLL_SCIM_TOKEN has a character that a bearer token must not have/.test(error.message) &&
        !error.message.includes('half'),
    );
    const url = mistake(
      '${PAYROLL_SCIM_URL:-http://127.0.0.1:9101/scim/v2}',
      'https://me:hidden@payroll.example',
    );
    assert.match(url, /systems\[0\]\.scimUrl: must be without a user or password/);
    const call = mistake(
      'tokenEnv: CODE_SCIM_TOKEN',
      "tokenEnv: CODE_SCIM_TOKEN\n    sessionRevocation: { url: 'https://me:hidden@code.example/{id}', tokenEnv: CODE_API_TOKEN }",
    );
    assert.match(call, /systems\[1\]\.sessionRevocation\.url: must be without a user or password/);
    assert.ok(!(url + call).includes('hidden'));
  });

  it('takes user, password and token out of the address of NATS', () => {
    assert.deepEqual(natsConfigOf('nats://127.0.0.1:4222'), { servers: ['127.0.0.1:4222'] });
    assert.deepEqual(natsConfigOf('tls://ems:hid%40den@one:4222,tls://two:4222'), {
      servers: ['one:4222', 'two:4222'],
      tls: {},
      user: 'ems',
      pass: 'hid@den',
    });
    assert.deepEqual(natsConfigOf('nats://token@one:4222'), { servers: ['one:4222'], token: 'token' });
    assert.throws(
      () => natsConfigOf('http://ems:hidden@one'),
      (error: Error) => error.message.startsWith('NATS_URL: must be') && !error.message.includes('hidden'),
    );
  });

  it('takes each secret from the file that a variable with _FILE names', async () => {
    const folder = await scratchFolder();
    const fileWith = async (name: string, text: string): Promise<string> => {
      const file = path.join(folder, name);
      await writeFile(file, text);
      return file;
    };
    const config = parseConfig(sample, 'ems.config.yaml', {
      PAYROLL_SCIM_TOKEN_FILE: await fileWith('token', 'from-a-file\n'),
      CODE_SCIM_TOKEN_FILE: path.join(folder, 'none'),
      PRODUCTION_SCIM_TOKEN_FILE: await fileWith('empty', '\n'),
      DIRECTORY_SCIM_TOKEN: 'from-the-variable',
      DIRECTORY_SCIM_TOKEN_FILE: path.join(folder, 'none'),
    });
    const [payroll, code, production] = scimSystemsOf(config);
    assert.equal(payroll!.token, 'from-a-file');
    assert.equal(config.directory.token, 'from-the-variable');
    assert.throws(() => code!.token, /^ConfigError: CODE_SCIM_TOKEN_FILE: ENOENT/);
    assert.throws(() => production!.token, /^ConfigError: PRODUCTION_SCIM_TOKEN_FILE: the file .* is empty/);

    const nats = await fileWith('nats', 'nats://ems:hidden@one:4222\n');
    assert.equal(loadNatsConfig({ NATS_URL_FILE: nats })!.pass, 'hidden');
    const { connectionOptions } = loadTemporalConfig({
      TEMPORAL_API_KEY_FILE: await fileWith('key', 'key-of-ours'),
    });
    assert.equal(connectionOptions.apiKey, 'key-of-ours');
    const settings = loadSettings({
      EMS_OIDC_ISSUER: 'https://id.acme.example',
      EMS_OIDC_CLIENT_ID: 'ems',
      EMS_SESSION_SECRET_FILE: await fileWith('session', 'a secret with more than 32 characters'),
      EMS_OIDC_CLIENT_SECRET_FILE: await fileWith('client', 'secret-of-the-client'),
    });
    assert.equal(settings.oidc.clientSecret, 'secret-of-the-client');
  });

  it('takes the limits of streams, buckets and consumers of NATS from the environment', () => {
    const limits = {
      NATS_STREAM_MAX_BYTES: '1000',
      NATS_BUCKET_MAX_BYTES: '',
      NATS_MAX_ACK_PENDING: '500',
      NATS_REPLICAS: '3',
    };
    assert.deepEqual(natsConfigOf('nats://127.0.0.1:4222', limits), {
      servers: ['127.0.0.1:4222'],
      limits: { streamMaxBytes: 1000, maxAckPending: 500, replicas: 3 },
    });
    for (const wrong of ['1GB', '0', '-1', '1.5'])
      assert.throws(
        () => natsConfigOf('nats://127.0.0.1:4222', { NATS_BUCKET_MAX_BYTES: wrong }),
        /^ConfigError: NATS_BUCKET_MAX_BYTES: must be a positive whole number, not/,
      );
  });

  it('takes every mail address that servers take, and refuses two spellings of one', () => {
    const withMail = (email: string) => sample.replace('email: hr@acme.example', `email: '${email}'`);
    for (const email of [
      'jürgen@müller.example',
      'r&d@acme.example',
      'a=b#c@acme.example',
      'eva@acme.xn--p1ai',
    ])
      assert.equal(read(withMail(email)).contacts.hrPartners[0].email, email);
    const domain = read(sample.replace('domain: acme.example', 'domain: Müller.example')).organisation.domain;
    assert.equal(domain, 'xn--mller-kva.example');
    const another = "hrPartners:\n    - { name: Eva, email: 'eva@ACME.рф' }\n";
    assert.throws(
      () => read(withMail('eva@acme.xn--p1ai').replace('hrPartners:\n', another)),
      /contacts\.hrPartners: must have distinct mail addresses/,
    );
    assert.throws(
      () => read(withMail('a@b.example, c@d.example')),
      /contacts\.hrPartners\[0\]\.email: must be a mail address/,
    );
  });
});
