/** A real browser, driven by Playwright: Chromium on PATH, else that of npm. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { packagedChromium, runsPackagedChromium } from './packaged-chromium.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
const program = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .flatMap((folder) => NAMES.map((name) => path.join(folder, name)))
  .find((file) => existsSync(file));

/** What the machine lacks, with the remedy. */
export const lacksBrowser =
  program === undefined && !runsPackagedChromium
    ? `needs Chromium on PATH, since npm has none for ${process.platform} on ${process.arch}`
    : undefined;

export interface PageBrowser {
  /** A new page, logged in at the identity provider of the local stack. */
  as: (email: string, options?: BrowserContextOptions) => Promise<Page>;
  /** Requests of all pages to hosts other than the console's and the provider's. */
  strangers: string[];
  /** Errors on the console of a page, such as what its policy has refused. */
  errors: string[];
  stop: () => Promise<void>;
}

export async function startPageBrowser(url: string): Promise<PageBrowser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'];
  const launched = program === undefined ? await packagedChromium() : { executablePath: program };
  const browser: Browser = await chromium.launch({ ...launched, args });
  const strangers: string[] = [];
  const errors: string[] = [];
  return {
    strangers,
    errors,
    async as(email, options = {}) {
      const context = await browser.newContext({ locale: 'en-GB', ...options });
      const page = await context.newPage();
      page.on('request', (request) => {
        if (new URL(request.url()).hostname !== '127.0.0.1') strangers.push(request.url());
      });
      page.on('pageerror', ({ message }) => errors.push(message));
      page.on('console', (message) => {
        // A page with the status of a refusal is logged as an error too.
        if (message.type() === 'error' && !/status of (4\d\d|50[34])/.test(message.text()))
          errors.push(message.text());
      });
      await page.goto(`${url}/`);
      await page.click(`button[value="${email}"]`);
      await page.waitForURL(`${url}/**`);
      return page;
    },
    stop: () => browser.close(),
  };
}

/** @returns a line for each violation of WCAG 2.2 A and AA that axe finds */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  return page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
  );
}
