import { emsHome } from '../config/environment.js';
import { readRefusedLogins } from '../doctor/refused-logins.js';
import type { Finding } from '../exit/finding.js';
import type { Report } from '../doctor/examine.js';
import { localTime, table } from './output.js';
import type { Define } from './session.js';

const doctor: Define = (command, session) =>
  command
    .option('--again', 'log in also where a login was refused within the last hour')
    .addHelpText(
      'after',
      '\nIt reads, and changes nothing on any server. It exits 1 where something is wrong, or cannot be told.\n\nExample:\n  ems doctor',
    )
    .action(async ({ again = false }: { again?: boolean }) => {
      const { examine } = await import('../doctor/examine.js');
      const logins = await readRefusedLogins(emsHome(session.io.env));
      const report = await examine({ ...(await session.surroundings()), logins, again });
      session.show(report, page);
      if (!report.isWell) session.exitCode = 1;
      await logins.save();
    });

export default doctor;

/** What is well is one line for each kind but the servers. */
function page({ findings, isWell }: Report): string {
  const servers = findings.filter(({ about }) => about === 'server');
  const others = findings.filter(({ about }) => about !== 'server');
  const kinds = [...new Set(others.map(({ about }) => about))];
  const rows = kinds.flatMap((kind) => {
    const all = others.filter(({ about }) => about === kind);
    const bad = all.filter((finding) => finding.isWell !== 'yes');
    const rest = all.length - bad.length;
    const remark = all.length === 1 ? (all[0]!.remark ?? all[0]!.name) : `${rest} of ${all.length}`;
    return [...bad.map(rowOf), ...(rest > 0 ? [[kind, 'yes', '', '', remark]] : [])];
  });
  return [
    table([['SERVER', 'REACHED', 'SINCE', 'EXITS WAITING', 'REMARK'], ...servers.map(rowOf)]),
    ...(rows.length > 0 ? ['', table([['OTHER', 'WELL', 'SINCE', '', 'REMARK'], ...rows])] : []),
    '',
    isWell ? 'All is well.' : 'Something is wrong, or cannot be told: docs/operate.md says what to type.',
  ].join('\n');
}

const rowOf = ({
  about,
  name,
  isWell,
  since,
  exitsWaiting,
  remark,
  requestsPerSecond,
}: Finding): string[] => [
  about === 'server' ? name : `${about} ${name}`,
  isWell,
  since ? localTime(since) : '',
  exitsWaiting ? String(exitsWaiting) : '',
  [remark, limitOf(requestsPerSecond)].filter(Boolean).join('; '),
];

function limitOf(requestsPerSecond: number | null | undefined): string {
  if (requestsPerSecond === undefined) return '';
  return requestsPerSecond === null ? 'no rate limit' : `${requestsPerSecond} requests a second`;
}
