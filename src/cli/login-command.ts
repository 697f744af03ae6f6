import { emsHome } from '../config/environment.js';
import { consoleAt } from '../remote/personal-access.js';
import { logIn } from '../remote/device-login.js';
import { writeLogin } from '../remote/login-file.js';
import { consoleFor } from './connect.js';
import type { Define } from './session.js';

/** A public client, as the provider has it registered. */
const CLIENT = 'ems-terminal';

const login: Define = (command, session) =>
  command
    .addHelpText(
      'after',
      '\nIt shows a page and a code: open the page in any browser, log in there, and confirm the code. EMS_PUBLIC_URL says where the console is, and EMS_OIDC_TERMINAL_CLIENT_ID under which client, "ems-terminal" by default. A program sets EMS_TOKEN instead.\n\nExample:\n  ems login',
    )
    .action(async () => {
      const { env } = session.io;
      const console = consoleAt(consoleFor(env));
      const clientId = env['EMS_OIDC_TERMINAL_CLIENT_ID'] || CLIENT;
      const tell = (page: string, code: string): void =>
        session.warn(`to log in, confirm the code ${code} at ${page}`);
      const { login, user } = await logIn({ console, clientId, tell, signal: session.endless() });
      await writeLogin(emsHome(env), login);
      const { name, email, roles } = user;
      session.show(
        { console, name, email, roles },
        (shown) =>
          `You are logged in to ${shown.console} as ${shown.name} (${shown.email}), ${shown.roles.join(' and ') || 'without a role'}.`,
      );
    });

export default login;
