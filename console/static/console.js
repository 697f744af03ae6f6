/* Keeps a page up to date. Without it, the page shows how things stood when it was loaded. */
const line = document.getElementById('live');
if (line) {
  let isBusy = false;
  let isStale = false;
  const isTyping = () =>
    document.activeElement?.closest('form') !== null && document.activeElement?.closest('main');

  async function refresh() {
    // The address of a form that was refused is no page.
    const address = line.dataset.events.replace(/\/events$/, '');
    const answer = await fetch(address, { headers: { accept: 'text/html' } });
    // The session is over: the next click leads to the login.
    if (!answer.ok || answer.redirected) return;
    // Why a form was refused stays until the next form.
    await take(answer, '[data-live]:not([data-answer])');
  }

  async function take(answer, parts = '[data-live]') {
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // A new form, or one that went: show the whole page, but never under the hands of a person who types.
    const forms = (of) => [...of.querySelectorAll('main form')].map(({ action }) => action).join();
    if (forms(page) !== forms(document) && !isTyping()) return location.reload();
    for (const part of page.querySelectorAll(parts))
      replace(document.querySelector(`[data-live="${part.dataset.live}"]`), part);
    const { lang } = document.documentElement;
    const clock = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, { timeStyle: 'medium' });
    line.textContent = line.dataset.updated.replace('{}', clock.format(new Date()));
  }

  /** A person on a button stays there. */
  function replace(old, part) {
    if (!old || old.isEqualNode(part)) return;
    const { id } = document.activeElement;
    old.replaceWith(part);
    if (id !== '' && document.activeElement === document.body) document.getElementById(id)?.focus();
  }

  /** A change that comes meanwhile is shown as well. */
  async function refreshInTurn() {
    isStale = true;
    if (isBusy) return;
    isBusy = true;
    try {
      while (isStale) {
        isStale = false;
        await refresh();
      }
    } finally {
      isBusy = false;
    }
  }

  addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('[data-stay]')) return;
    event.preventDefault();
    const body = new URLSearchParams(new FormData(form, event.submitter));
    void fetch(form.action, { method: 'POST', body }).then((answer) =>
      // The session is over.
      answer.status === 401 ? location.reload() : take(answer),
    );
  });

  const events = new EventSource(line.dataset.events);
  events.addEventListener('open', () => (line.textContent = line.dataset.following));
  events.addEventListener('change', () => void refreshInTurn());
  events.addEventListener('over', () => {
    events.close();
    void refreshInTurn();
  });
  addEventListener('pagehide', () => events.close());
}
