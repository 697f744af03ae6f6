/** Takes the picture that the README opens with, from the stack that `npm start` runs: `node dist/scripts/take-picture.js`. */
import { emsHome } from '../src/config/environment.js';
import { readStack } from '../src/local/stack-file.js';
import { startPageBrowser } from '../test/support/page-browser.js';

const FILE = 'docs/images/side-by-side.png';

const stack = readStack(emsHome());
if (!stack) throw new Error('No local stack is running here: start it with "npm start"');
const browser = await startPageBrowser(stack.consoleUrl);
const size = { viewport: { width: 1280, height: 900 }, deviceScaleFactor: 1.25 };
const page = await browser.as('hr+operator@acme.example', size);
await page.goto(`${stack.consoleUrl}/side-by-side`);
await page.click('#stop-access');
await page.waitForSelector('.by-access .process-stopped >> nth=1');
await page.click('form[action="/side-by-side"] button');
// All that goes on without the stopped service is done in both forms.
for (const form of ['orchestrated', 'choreographed']) {
  await page.waitForSelector(`.form-${form} .is-away >> nth=2`);
  for (const service of ['hr', 'notification'])
    await page.waitForSelector(`.form-${form} .by-${service}.is-done`);
}
await page.waitForSelector('.form-choreographed .by-hr.is-happened');
const { y, height } = (await page.locator('.forms').boundingBox())!;
await page.screenshot({
  path: FILE,
  fullPage: true,
  clip: { x: 0, y: 64, width: 1280, height: y + height - 48 },
});
await page.click('#start-access');
await browser.stop();
console.log(`${FILE} shows how things stand`);
