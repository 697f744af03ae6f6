/** Unpacks the Chromium of npm, with its fonts and libraries, into the folder of temporary files. A process of its own has its own one. */
import chromium from '@sparticuz/chromium';

process.stdout.write(await chromium.executablePath());
