import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import path from 'node:path';
import type { Report } from '../../src/doctor/examine.js';
import type { Finding } from '../../src/exit/finding.js';
import { startCalendarServer } from '../../src/local/calendar-process.js';
import { freePort } from '../../src/local/ports.js';
import { startScimServer } from '../../src/local/scim-process.js';
import { ems } from '../support/ems.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import { sampleText } from '../support/sample-config.js';
import { startScriptedSmtp, type ScriptedSmtp } from '../support/scripted-smtp.js';
import { slapdLacks, startSlapd } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';

const SECRETS = ['token-of-payroll', 'password-of-the-mailer', 'password-of-hr', 'not-the-password'];
const PAYROLL = 'payroll';
const MAIL = 'the mail server';
const CALENDAR = 'the calendar of Acme HR';
const LDAP = 'accounts';

describe('ems doctor, of each server that the configuration names', () => {
  let folder: string;
  let mail: ScriptedSmtp;
  let payroll: FaultProxy;
  let silent: net.Server;
  let env: Record<string, string>;
  let configFile: string;
  const stops: (() => Promise<unknown>)[] = [];

  before(
    'a SCIM server, a mail server, a calendar and LDAP, and one that accepts and says nothing',
    async () => {
      folder = await scratchFolder();
      const logFile = path.join(folder, 'servers.log');
      const scim = await startScimServer({ name: PAYROLL, token: 'token-of-payroll', logFile });
      payroll = await startFaultProxy(scim.scimUrl);
      mail = await startScriptedSmtp({ AUTH: '235 welcome' });
      const calendar = await startCalendarServer({
        ...{ user: 'hr', password: 'password-of-hr', port: await freePort(), logFile },
        dataFile: path.join(folder, 'calendar.json'),
      });
      silent = net.createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      stops.push(scim.stop, payroll.stop, mail.stop, calendar.stop);
      const ldap = slapdLacks === undefined ? await startSlapd(logFile) : undefined;
      if (ldap) stops.push(ldap.stop);
      const ldapSystem = ldap
        ? `
  - name: ${LDAP}
    protocol: ldap
    directory: openldap
    url: \${LDAP_URL}
    bindDn: ${ldap.bindDn}
    passwordEnv: LDAP_PASSWORD
    userBase: ${ldap.userBase}
    groupBase: ${ldap.groupBase}
    defaultPolicy: ${ldap.defaultPolicy}
    hold: suspend
    rateLimit: { requestsPerSecond: 7 }
`
        : '';
      configFile = path.join(folder, 'ems.config.yaml');
      const text = sampleText
        .replace(/systems:\n[^]*$/, (systems) => systems.replace(/\n {2}- name: code[^]*$/, ldapSystem))
        .replace('  from: {', '  user: ems\n  passwordEnv: MAIL_PASSWORD\n  from: {');
      await writeFile(configFile, text);
      env = {
        EMS_CONFIG: configFile,
        ...{ DIRECTORY_SCIM_URL: payroll.url, DIRECTORY_SCIM_TOKEN: 'token-of-payroll' },
        ...{ PAYROLL_SCIM_URL: payroll.url, PAYROLL_SCIM_TOKEN: 'token-of-payroll' },
        ...{ SMTP_HOST: '127.0.0.1', SMTP_PORT: String(mail.port), MAIL_PASSWORD: 'password-of-the-mailer' },
        ...{ HR_CALENDAR_URL: calendar.url, HR_CALENDAR_USER: 'hr', HR_CALENDAR_PASSWORD: 'password-of-hr' },
        ...(ldap && { LDAP_URL: ldap.url, LDAP_PASSWORD: ldap.password }),
      };
    },
  );
  after(async () => {
    silent.close();
    for (const stop of stops) await stop();
  });
  beforeEach(async () => {
    payroll.seen.length = 0;
    mail.heard.length = 0;
    env['EMS_HOME'] = await scratchFolder();
  });

  async function doctor(changes: Record<string, string> = {}, ...args: string[]) {
    const ran = await ems({ ...env, ...changes }, 'doctor', '--json', ...args);
    for (const secret of SECRETS) assert.doesNotMatch(ran.stdout + ran.stderr, new RegExp(secret));
    const report = JSON.parse(ran.stdout) as Report;
    const of = (name: string): Finding =>
      report.findings.find((finding) => finding.about === 'server' && finding.name === name) ??
      assert.fail(`nothing of ${name}: ${ran.stdout}`);
    return { ...ran, report, of };
  }
  const names = [PAYROLL, MAIL, CALENDAR, ...(slapdLacks === undefined ? [LDAP] : [])];

  it('reaches each with its login, and only reads', async () => {
    const { of, report } = await doctor();
    for (const name of names) assert.equal(of(name).isWell, 'yes', JSON.stringify(of(name)));
    assert.ok(payroll.seen.every(({ method }) => method === 'GET'));
    assert.ok(!mail.heard.some((line) => line.startsWith('MAIL FROM')));
    assert.equal(of(PAYROLL).requestsPerSecond, null);
    if (slapdLacks === undefined) assert.equal(of(LDAP).requestsPerSecond, 7);
    // Which engines it should ask, the environment does not say.
    assert.equal(report.isWell, false);
    assert.match(report.findings[0]!.remark!, /set TEMPORAL_ADDRESS or NATS_URL/);
  });

  const at = (port: number): Record<string, string> => ({
    PAYROLL_SCIM_URL: `http://127.0.0.1:${port}/scim/v2`,
    SMTP_PORT: String(port),
    HR_CALENDAR_URL: `http://127.0.0.1:${port}/cal/hr/interviews`,
    LDAP_URL: `ldap://127.0.0.1:${port}`,
  });

  it('tells of each that is down, with the reason', async () => {
    const { of, code } = await doctor(at(await freePort()));
    assert.equal(code, 1);
    for (const name of names) {
      assert.equal(of(name).isWell, 'no');
      assert.match(of(name).remark!, /ECONNREFUSED/);
    }
  });

  it('tells within seconds of each that accepts the connection and says nothing', async () => {
    const began = Date.now();
    const { of } = await doctor(at((silent.address() as AddressInfo).port));
    for (const name of names) {
      assert.equal(of(name).isWell, 'no');
      assert.match(of(name).remark!, /no answer within|Timeout|timed? ?out|Greeting never received/i);
    }
    assert.ok(Date.now() - began < 20_000, `${Date.now() - began} ms`);
  });

  it('tells of each that refuses the login', async () => {
    mail.script({ AUTH: '535 5.7.8 no' });
    const wrong = {
      ...{ PAYROLL_SCIM_TOKEN: 'not-the-password', HR_CALENDAR_PASSWORD: 'not-the-password' },
      LDAP_PASSWORD: 'not-the-password',
    };
    const { of } = await doctor(wrong);
    for (const name of names) assert.equal(of(name).isWell, 'no', name);
    assert.match(of(PAYROLL).remark!, /check the token of payroll/);
    assert.match(of(MAIL).remark!, /535.*rejects the user or password/);
    assert.match(of(CALENDAR).remark!, /401.*check its user and password/);
    if (slapdLacks === undefined) assert.match(of(LDAP).remark!, /49.*check bindDn and its password/);
    mail.script({ AUTH: '235 welcome' });
  });

  it('offers a wrong password once an hour, since a server may lock the account, or when it is told to', async () => {
    const logins = () => mail.heard.filter((line) => line.startsWith('AUTH')).length;
    mail.script({ AUTH: '535 5.7.8 no' });
    await doctor();
    const { of, code } = await doctor();
    assert.equal(logins(), 1);
    assert.deepEqual([code, of(MAIL).isWell], [1, 'cannot tell']);
    assert.match(of(MAIL).remark!, /not tried again for an hour.*ems doctor --again/);
    assert.ok(Date.parse(of(MAIL).since!) <= Date.now());
    mail.script({ AUTH: '235 welcome' });
    assert.equal((await doctor({}, '--again')).of(MAIL).isWell, 'yes');
    assert.equal((await doctor()).of(MAIL).isWell, 'yes');
    assert.equal(logins(), 3);
  });

  it('cannot tell of a server whose secret this environment lacks', async () => {
    const { of } = await doctor({ PAYROLL_SCIM_TOKEN: '' });
    assert.equal(of(PAYROLL).isWell, 'cannot tell');
    assert.match(of(PAYROLL).remark!, /environment variable PAYROLL_SCIM_TOKEN is not set/);
  });

  it('shows people one line for each server', async () => {
    const { stdout, code } = await ems({ ...env, ...at(await freePort()) }, 'doctor');
    assert.equal(code, 1);
    assert.match(stdout, /^SERVER +REACHED +SINCE +EXITS WAITING +REMARK$/m);
    assert.match(stdout, /^payroll +no +payroll cannot be reached at .*ECONNREFUSED; no rate limit$/m);
  });
});
