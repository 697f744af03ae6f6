/** A certificate that no one trusts. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { scratchFolder } from './temporal.js';

export const opensslLacks = spawnSync('openssl', ['version']).error ? 'needs openssl' : undefined;

export async function makeCertificate(days: number) {
  const folder = await scratchFolder();
  const [keyFile, certFile] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  const how = `-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days ${days} -subj /CN=payroll.example -addext subjectAltName=IP:127.0.0.1`;
  execFileSync('openssl', ['req', ...how.split(' '), '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  return { key: await readFile(keyFile), cert: await readFile(certFile), keyFile, certFile };
}
