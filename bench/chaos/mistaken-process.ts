/** Preloaded into the processes of EMS for a run with a deliberate mistake. */
import { register } from 'node:module';
import { mistakes } from './mistakes.js';

const mistake = mistakes[process.env['CHAOS_MISTAKE']!];
if (!mistake) throw new Error(`CHAOS_MISTAKE "${process.env['CHAOS_MISTAKE']}" is none of mistakes.ts`);
const url = new URL(`../../src/${mistake.file}`, import.meta.url).href;
register('./mistake-loader.js', import.meta.url, { data: { url, ...mistake } });
