import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { parseConfig } from '../src/config/config.js';
import { decisionKey } from './support/decision-keys.js';
import { scimSystemsOf } from './support/sample-config.js';
import { subscriberNames, type SubscriberName } from '../src/choreography/subscribers/start.js';
import { workerServices, type ServiceName } from '../src/temporal/workers.js';

interface Service {
  image: string;
  build?: string;
  restart?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  mem_limit?: string;
  pids_limit?: number;
}

const read = (file: string): string => readFileSync(file, 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const config = parse(read('deploy/ems.config.yaml')) as {
  directory: { tokenEnv: string };
  mail: { host: string; passwordEnv?: string };
  contacts: { hrPartners: { calendar?: { url: string; passwordEnv: string } }[] };
  systems: { tokenEnv: string }[];
  steps?: { call?: { tokenEnv?: string } }[];
};
const { directory, systems, contacts, mail, steps = [] } = config;
const password = mail.passwordEnv ? [mail.passwordEnv] : [];
const calendars = contacts.hrPartners.flatMap(({ calendar }) => calendar?.passwordEnv ?? []);
const stepTokens = steps.flatMap(({ call }) => call?.tokenEnv ?? []);
const workers = services.filter(([, { command }]) => command?.includes('dist/src/worker.js'));
const subscribers = services.filter(([name]) => name.startsWith('service-'));
const ours = [...workers, ...subscribers];
const servicesOf = ({ command = [] }: Service): ServiceName[] =>
  command[command.indexOf('--services') + 1]!.split(',') as ServiceName[];
const secretsOf: Record<ServiceName | SubscriberName, string[]> = {
  exit: [directory.tokenEnv],
  notification: [directory.tokenEnv, ...password],
  hr: [directory.tokenEnv, ...password, ...calendars],
  access: systems.map(({ tokenEnv }) => tokenEnv),
  steps: [directory.tokenEnv, ...password, ...stepTokens],
};
const isSecret = (name: string): boolean => /TOKEN|PASSWORD|PWD|SECRET|KEY|NATS_URL/.test(name);
/** Of a service alone. */
const isOwnSecret = (name: string): boolean => isSecret(name) && name !== 'EMS_DATA_KEYS';

/** `${NAME:?…}` and `${NAME}`, the variables that a file needs from outside, with what stands after the name. */
const variables = (text: string): [name: string, rest: string][] =>
  [...text.matchAll(/\$\{([A-Z_][A-Z0-9_]*)([^}]*)\}/g)].map(([, name, rest]) => [name!, rest!]);

describe('@long the deployment', () => {
  it('pins every image to one version, also those that it is built from', () => {
    const built = [...read('Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    assert.ok(built.length > 0);
    for (const image of [...services.map(([, { image }]) => image), ...built]) {
      // PostgreSQL has had two numbers since 10; `16` alone would move.
      assert.match(image, /^[a-z0-9/-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?$/, image);
      if (!image.startsWith('postgres:')) assert.match(image, /:v?\d+\.\d+\.\d+/, image);
    }
  });

  it('gives its own image the version of the package', () => {
    const { name, version } = JSON.parse(read('package.json')) as { name: string; version: string };
    const images = services.filter(([, { build }]) => build).map(([, { image }]) => image);
    assert.deepEqual([...new Set(images)], [`${name}:${version}`]);
  });

  it('has a health check for every lasting service, and awaits only what has one or ends', () => {
    for (const [name, { restart, healthcheck }] of services)
      if (restart !== 'no' && !restart?.startsWith('on-failure'))
        assert.ok(healthcheck?.test.length, `${name} has no health check`);
    const awaited = services.flatMap(([, service]) => Object.entries(service.depends_on ?? {}));
    assert.ok(awaited.length > 0);
    for (const [name, { condition }] of awaited) {
      const { healthcheck, restart } = compose.services[name]!;
      if (condition === 'service_healthy')
        assert.ok(healthcheck, `${name} is awaited and has no health check`);
      else if (condition === 'service_completed_successfully')
        assert.match(restart!, /^on-failure/, `${name} is awaited to end, and is started again when it does`);
      else assert.fail(`${name}: ${condition} waits for nothing`);
    }
  });

  it('has no secret in a file: each is a required variable', () => {
    const secrets = services.flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([variable]) => isSecret(variable))
        .map(([variable, value]) => [`${name}: ${variable}`, String(value)] as const),
    );
    assert.ok(
      secrets.length >= 8,
      'the database, three times, the directory, the calendar and three systems',
    );
    for (const [where, value] of secrets)
      assert.match(value, /^(nats:\/\/[a-z-]+:)?\$\{[A-Z_]+:\?[^}]+\}(@nats:4222)?$/, where);
    for (const [, value] of read('deploy/example.env').matchAll(/^[A-Z_]+=(.*)$/gm)) assert.equal(value, '');
    for (const [line] of read('Dockerfile').matchAll(/^(?:ENV|ARG) .*$/gm)) assert.ok(!isSecret(line), line);
  });

  it('names in deploy/example.env every variable that it needs, and no other', () => {
    const named = [...read('deploy/example.env').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name!);
    const required = variables(read('docker-compose.yml')).filter(([, rest]) => !rest.startsWith(':-'));
    assert.deepEqual(named.toSorted(), [...new Set(required.map(([name]) => name))].toSorted());
  });

  it('can be reached from this host only', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    assert.ok(ports.length > 0);
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/);
  });

  it('runs each service in a worker of its own, and leaves none out', () => {
    for (const [name, service] of workers) assert.equal(servicesOf(service).length, 1, name);
    assert.deepEqual(
      workers.flatMap(([, service]) => servicesOf(service)).toSorted(),
      [...workerServices].toSorted(),
    );
  });

  it('gives every process the keys of personal data, and of signed decisions the public ones; the console alone has the private one', () => {
    const having = (name: string) =>
      services.filter(([, { environment = {} }]) => name in environment).map(([service]) => service);
    assert.deepEqual(having('EMS_DECISION_KEY'), ['console']);
    const built = services.filter(([, { build }]) => build).map(([service]) => service);
    assert.deepEqual(having('EMS_DECISION_JWKS').toSorted(), built.toSorted());
    assert.deepEqual(having('EMS_DATA_KEYS').toSorted(), built.toSorted(), 'each reads what another wrote');
  });

  it('gives each worker the secrets of its own service and no others', () => {
    for (const [name, service] of workers) {
      const given = Object.keys(service.environment!).filter(isOwnSecret);
      assert.deepEqual(given.toSorted(), secretsOf[servicesOf(service)[0]!].toSorted(), name);
      assert.match(String(service.environment!['TEMPORAL_ADDRESS']), /^temporal:\d+$/, name);
    }
  });

  it('runs each service of the choreographed form in a container of its own, and leaves none out', () => {
    assert.deepEqual(
      subscribers.map(([name, { command = [] }]) => `${name} runs ${command.join(' ')}`).toSorted(),
      subscriberNames.map((name) => `service-${name} runs ${name}`).toSorted(),
    );
    for (const [name, { entrypoint = [] }] of subscribers) {
      const [program, ...args] = entrypoint.slice(entrypoint.indexOf('dist/src/cli/main.js'));
      assert.deepEqual([program, args[0]], ['dist/src/cli/main.js', 'service'], name);
    }
  });

  it('gives each of these its own secrets, its own user of NATS, and no others', () => {
    for (const [name, { environment = {}, command = [] }] of subscribers) {
      const [service] = command as [SubscriberName];
      const { NATS_URL: url, ...rest } = environment;
      assert.deepEqual(Object.keys(rest).filter(isOwnSecret).toSorted(), secretsOf[service].toSorted(), name);
      assert.ok(
        String(url).startsWith(
          `nats://${service}:\${NATS_${service.toUpperCase().replaceAll('-', '_')}_PASSWORD:?`,
        ),
        name,
      );
      assert.ok(!('TEMPORAL_ADDRESS' in rest), `${name} knows the other form`);
    }
  });

  it('gives the NATS server a password for each of its users', () => {
    const named = [...read('deploy/nats-server.conf').matchAll(/\$(NATS_[A-Z_]+)/g)].map(([, name]) => name!);
    const given = Object.keys(compose.services['nats']!.environment!);
    assert.deepEqual(named.toSorted(), given.toSorted());
    assert.equal(named.length, subscriberNames.length + 1, 'the services, and people');
  });

  it('mounts only what exists, and the configuration where the programs read it', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const volume of volumes) {
        const [source] = volume.split(':') as [string];
        if (source.startsWith('.')) assert.ok(statSync(source).isFile(), `${name} mounts ${source}`);
        else assert.ok(source in compose.volumes, `${name} mounts ${source}`);
      }
    }
    for (const [name, { volumes = [] }] of ours)
      assert.ok(volumes.includes('./deploy/ems.config.yaml:/app/ems.config.yaml:ro'), name);
    for (const [name, { entrypoint = [], volumes = [] }] of services) {
      const script = entrypoint.find((part) => part.endsWith('.sh'));
      if (script)
        assert.ok(
          volumes.some((volume) => volume.includes(`:${script}`)),
          `${name} runs ${script}`,
        );
    }
  });

  it('gives our containers no privilege, no disk to write to, and a limit', () => {
    for (const [name, { read_only: isReadOnly, cap_drop, security_opt, mem_limit, pids_limit }] of ours) {
      assert.equal(isReadOnly, true, name);
      assert.deepEqual([cap_drop, security_opt], [['ALL'], ['no-new-privileges:true']], name);
      assert.ok(mem_limit && pids_limit, name);
    }
    assert.match(read('Dockerfile'), /^USER node$/m);
  });

  it('copies only what exists into the image', () => {
    const copied = [...read('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) =>
      from!.split(' '),
    );
    assert.ok(copied.includes('src') && copied.includes('package-lock.json'), copied.join(' '));
    for (const from of copied) assert.ok(existsSync(from), from);
    const ignored = read('.dockerignore').split('\n');
    for (const from of copied) assert.ok(!ignored.includes(from.replace('./', '')), `${from} is ignored`);
  });

  it('ships the mail templates and the pages of the console in the image and in the package', () => {
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    for (const folder of ['templates', 'console']) {
      assert.ok(files.includes(folder), folder);
      assert.match(read('Dockerfile'), new RegExp(`^COPY ${folder} \\./${folder}$`, 'm'));
    }
  });

  it('runs in the image a Node.js that the package allows', () => {
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const [, least] = /^>=(\d+\.\d+)$/.exec(engines.node) ?? [];
    const images = [...read('Dockerfile').matchAll(/^FROM node:(\d+\.\d+)/gm)];
    assert.ok(images.length > 0);
    for (const [, version] of images)
      assert.ok(version!.localeCompare(least!, 'en', { numeric: true }) >= 0, version);
  });

  it('has a configuration that the workers accept, with a queue for each service and a known mail server', async () => {
    const tokens = Object.fromEntries(
      config.systems.map(({ tokenEnv }) => [tokenEnv, `token-of-${tokenEnv}`]),
    );
    const { public: key } = await decisionKey('2026');
    const env = { ...tokens, EMS_DECISION_JWKS: JSON.stringify({ keys: [key] }) };
    const deployed = parseConfig(read('deploy/ems.config.yaml'), 'deploy/ems.config.yaml', env);
    assert.equal(deployed.decisions.signed?.keys[0]?.kid, '2026');
    const { taskQueues, mail } = deployed;
    assert.equal(taskQueues, 'per-service', 'without it a worker of one service does not start');
    assert.deepEqual(
      scimSystemsOf(deployed).map(({ token }) => token),
      Object.values(tokens),
    );
    assert.ok(mail.host.includes('.') || mail.host in compose.services, mail.host);
  });
});
