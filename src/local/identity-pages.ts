/** The pages of the identity provider of the embedded default. */
import type { Account } from './identity-accounts.js';

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
  body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 34rem; color: #1c2430; background: #f6f7f9; font: 1rem/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.4rem; margin: 1rem 0 .25rem; }
  .note { margin: 0 0 1rem; padding: .6rem .9rem; border-left: 4px solid #8a5a00; background: #fff6e0; }
  ul { margin: 0; padding: 0; list-style: none; }
  li { margin: .4rem 0; }
  button, input { box-sizing: border-box; width: 100%; min-height: 2.9rem; padding: .5rem .9rem; border: 1px solid #7a8594; border-radius: .5rem; color: inherit; background: #fff; font: inherit; text-align: left; cursor: pointer; }
  button:hover { background: #eaf1fb; }
  button:focus-visible { outline: 3px solid #1f5fbf; outline-offset: 2px; }
  small { color: #525d6b; }
</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>`;

const forTryingOut =
  '<p class="note"><strong>For trying out only.</strong> This login asks for no password. A company connects its own OpenID provider.</p>';

export const loginPage = (uid: string, accounts: readonly Account[]): string =>
  page(
    'Who are you? · Acme, for trying out',
    `${forTryingOut}
<h1>Who are you?</h1>
<form method="post" action="/interaction/${uid}">
<ul>
${accounts.map(({ email, name, what }) => `<li><button name="email" value="${escaped(email)}">${escaped(name)} <small>${what}, ${escaped(email)}</small></button></li>`).join('\n')}
</ul>
</form>`,
  );

/**
 * @param form of the provider, with a field for the code
 * @param problem with the code that was typed
 */
export const codePage = (form: string, problem = ''): string =>
  page(
    'Log in a terminal · Acme, for trying out',
    `${forTryingOut}
<h1>Which code does your terminal show?</h1>
<p>${escaped(problem)}</p>
${form}
<ul>
<li><button form="op.deviceInputForm">Go on</button></li>
</ul>`,
  );

/** @param form of the provider, whose submission confirms the code */
export const confirmPage = (form: string, code: string): string =>
  page(
    'Log in a terminal · Acme, for trying out',
    `${forTryingOut}
<h1>Does your terminal show ${escaped(code)}?</h1>
<p>If it does not, or you have not typed <code>ems login</code>, another person wants to act in your name.</p>
${form}
<ul>
<li><button form="op.deviceConfirmForm">It does: log it in</button></li>
<li><button form="op.deviceConfirmForm" name="abort" value="yes">It does not</button></li>
</ul>`,
  );

export const confirmedPage = (): string =>
  page('Logged in · Acme, for trying out', `${forTryingOut}\n<h1>Your terminal is logged in.</h1>`);

/** @param form of the provider, whose submission ends its session */
export const signOutPage = (form: string): string =>
  page(
    'Log out · Acme, for trying out',
    `${forTryingOut}
<h1>Log out here as well?</h1>
${form}
<ul>
<li><button form="op.logoutForm" name="logout" value="yes">Log out</button></li>
<li><button form="op.logoutForm">Stay logged in at this provider</button></li>
</ul>`,
  );

export const signedOutPage = (): string =>
  page('Logged out · Acme, for trying out', `${forTryingOut}\n<h1>You are logged out.</h1>`);

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => entities[character]!);
