import { emsHome } from '../config/environment.js';
import { consoleAt } from '../remote/personal-access.js';
import { revoke } from '../remote/device-login.js';
import { deleteLogin, readLogin } from '../remote/login-file.js';
import { consoleFor } from './connect.js';
import type { Define } from './session.js';

const logout: Define = (command, session) =>
  command.addHelpText('after', '\nExample:\n  ems logout').action(async () => {
    const { env } = session.io;
    const console = consoleAt(consoleFor(env));
    const login = readLogin(emsHome(env), console);
    await deleteLogin(emsHome(env), console);
    const revoked = login !== undefined && (await revoke(login));
    session.show({ console, person: login?.person, revoked }, ({ person }) =>
      person === undefined
        ? `There was no login to ${console}.`
        : `The login of ${person} to ${console} has ended.`,
    );
  });

export default logout;
