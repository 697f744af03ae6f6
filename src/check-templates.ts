/** `node dist/src/check-templates.js [folder]`: renders every mail in every language, and prints each problem with file and line. */
import { checkTemplates } from './services/mails/template-check.js';
import { templatesFolder } from './services/mails/templates.js';

const { problems, missing } = checkTemplates(process.argv[2] ?? templatesFolder);
for (const mail of missing) console.error(`${mail} is missing: EMS sends the English mail`);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
