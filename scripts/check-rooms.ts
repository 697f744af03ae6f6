/**
 * Holds src/ to the rooms and arrows of the design. What the table does not allow is an error.
 * Circles between files of one room are found by the lint (`import/no-cycle`).
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseSync } from '@swc/core';

/**
 * A room is a folder, or a file directly in src/, and what it may import besides itself. It imports only from rooms above it: rooms make
 * no circle. `*` is one name. `type:` is by type only. `node:` is every built-in, `computed:` a module
 * that no one can know before it runs.
 */
const TABLE = `
exit/                       @noble/ed25519 @noble/hashes @scure/base zod
exit/evidence/              exit/
version.ts
process/                    commander @opentelemetry/api @opentelemetry/exporter-trace-otlp-http @opentelemetry/resources @opentelemetry/sdk-trace-base pino prom-client node:
config/                     exit/  @temporalio/envconfig jose temporal-polyfill yaml zod node:

services/protocols/         exit/ config/
                            @xmldom/xmldom ical.js ldapts nodemailer rrule-temporal temporal-polyfill windows-iana zod node:
services/mails/             exit/ services/protocols/  liquidjs negotiator node:
services/directory/         exit/ services/protocols/
services/notification/      exit/ services/protocols/ services/mails/
services/hr/                exit/ services/protocols/ services/mails/ config/  ical-generator temporal-polyfill node:
services/access/            exit/ services/protocols/  url-template node:
services/access/adapters/   exit/ services/protocols/ services/access/  zod computed:
adapter.ts                  services/access/ services/access/adapters/
services/steps/             exit/ services/protocols/ services/mails/  node:
services/subscribers/       exit/ services/protocols/  standardwebhooks node:
services/                   exit/ services/*/ services/access/adapters/ config/
check-templates.ts          services/mails/

activities/                 exit/ services/*/ config/  @temporalio/activity @temporalio/client @temporalio/common p-queue temporal-polyfill node:
workflows/                  exit/ type:activities/  @temporalio/workflow @temporalio/common
temporal/                   exit/ exit/evidence/ process/ services/ services/*/ config/ activities/ workflows/  @temporalio/* write-file-atomic node:

choreography/jetstream/     exit/ services/*/ config/ process/ version.ts  @nats-io/* node:
choreography/dead-letters/  exit/ process/ choreography/jetstream/  @nats-io/* zod
choreography/observing/     exit/ process/ choreography/jetstream/ choreography/dead-letters/  @nats-io/jetstream zod node:
choreography/subscribers/   exit/ services/ services/*/ config/ process/ choreography/jetstream/ choreography/dead-letters/ choreography/observing/
                            @nats-io/* node:
choreography/client/        exit/ exit/evidence/ services/ config/ choreography/jetstream/ choreography/dead-letters/ choreography/observing/
                            node:
choreography/

client/                     exit/ exit/evidence/ services/ services/protocols/ config/ temporal/ choreography/client/  csv-parse liquidjs temporal-polyfill node:
http/                       exit/ exit/evidence/ process/ config/ client/
                            @fastify/cors @fastify/formbody @fastify/helmet @fastify/multipart @fastify/rate-limit cookie fastify jose jsonpointer liquidjs
                            negotiator openid-client standardwebhooks temporal-polyfill zod node:
remote/                     exit/ exit/evidence/ config/ services/protocols/ client/ http/  jose openid-client proper-lockfile write-file-atomic zod node:
doctor/                     exit/ config/ services/ services/protocols/ temporal/ choreography/jetstream/ choreography/observing/  prom-client write-file-atomic node:
worker.ts                   config/ process/ temporal/  @temporalio/client @temporalio/worker commander node:
local/                      exit/ services/ services/*/ config/ process/ version.ts temporal/ choreography/*/ client/ http/
                            @temporalio/client @temporalio/testing @nats-io/* caldav-adapter commander env-paths express get-port ical.js jose koa oidc-provider scimmy scimmy-routers
                            write-file-atomic zod node:
cli/                        exit/ exit/evidence/ config/ process/ client/ http/ remote/ doctor/ local/
                            choreography/jetstream/ choreography/dead-letters/ choreography/observing/ choreography/subscribers/
                            commander liquidjs string-width write-file-atomic node:
`;

const problems: string[] = [];
const rooms = new Map<string, string[]>();
for (const [, room = '', row = ''] of TABLE.matchAll(/^(\S+)(.*(?:\n +.*)*)/gm)) {
  const may = row.split(/\s+/).flatMap((each) => (/(\/|\.ts)$/.test(each) ? roomsNamed(each, room) : each));
  rooms.set(room, may.filter(Boolean));
}

function roomsNamed(name: string, by: string): string[] {
  const found = [...rooms.keys()].filter((above) => covers(name.replace('type:', ''), above));
  if (found.length === 0) problems.push(`The table lets ${by} import ${name}, which is no room above ${by}`);
  return name.startsWith('type:') ? found.map((room) => `type:${room}`) : found;
}

function covers(name: string, one: string): boolean {
  return new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`).test(one);
}

const roomOf = (file: string): string => (file.includes('/') ? `${dirname(file)}/` : file);

interface Syntax {
  type: string;
  value: string;
  typeOnly: boolean;
  source: Syntax | null;
  argument: Syntax;
  callee: Syntax;
  arguments: { expression: Syntax }[];
}

/** What the code below a node of the syntax tree imports, also where it exports it again or takes no more than a type. */
function importsIn(node: Partial<Syntax> | null): { from: string; byType: boolean }[] {
  if (typeof node !== 'object' || node === null) return [];
  const found = Object.values(node).flatMap((below) => importsIn(below as Partial<Syntax>));
  if (node.source?.type === 'StringLiteral')
    found.push({ from: node.source.value, byType: node.typeOnly === true });
  if (node.type === 'TsImportType') found.push({ from: node.argument!.value, byType: true });
  if (node.callee?.type === 'Import') {
    const from = node.arguments?.[0]?.expression;
    found.push({ from: from?.type === 'StringLiteral' ? from.value : 'computed:', byType: false });
  }
  return found;
}

/** The room, the package, `node:`, or `computed:` where the code computes what it imports. */
function placeOf(file: string, from: string): string {
  if (from.startsWith('.')) return roomOf(join(dirname(file), from.replace(/\.js$/, '.ts')));
  return /^(node|computed):/.test(from)
    ? `${from.split(':')[0]}:`
    : from.split('/', from.startsWith('@') ? 2 : 1).join('/');
}

const files = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice('src/'.length));

for (const room of rooms.keys())
  if (!files.some((file) => roomOf(file) === room))
    problems.push(`The table has a rule for ${room}, which does not exist`);

for (const file of files) {
  const room = roomOf(file);
  const may = rooms.get(room);
  if (!may) problems.push(`src/${file}: ${room} has no rule. Give it a row in scripts/check-rooms.ts`);
  const twin = files.find((other) => other < file && basename(other) === basename(file));
  if (twin) problems.push(`src/${file}: the name is taken by src/${twin}. File names are unique within src/`);
  if (!may || !/\.[cm]?[jt]s$/.test(file)) continue;
  const code = readFileSync(join('src', file), 'utf8');
  for (const { from, byType } of importsIn(parseSync(code, { syntax: 'typescript' }))) {
    const place = placeOf(file, from);
    const isAllowed = may.some((each) => covers(each, place) || (byType && covers(each, `type:${place}`)));
    if (place === room || isAllowed) continue;
    const line = code.slice(0, code.indexOf(`'${from}'`)).split('\n').length;
    problems.push(
      `src/${file}:${line} ${byType ? 'takes a type from' : 'imports'} ${from}. ${room} may import: ${may.join(' ')}`,
    );
  }
}

/** Also as a formatter leaves them in Markdown. */
const MARKER = String.raw`^\s*(<{7} |>{7} |(> ){6}> |\|{7} |\\?={7}$)`;
const { stdout, status } = spawnSync('git', ['grep', '-nIE', MARKER], { encoding: 'utf8' });
if (status !== 0 && status !== 1) problems.push('git cannot be asked for conflict markers');
for (const found of stdout.split('\n').filter(Boolean)) problems.push(`${found}: a conflict that Git left`);

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
