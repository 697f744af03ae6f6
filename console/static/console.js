/* Keeps the page of an exit up to date. Without it, the page shows how the exit stood when it was loaded. */
const line = document.getElementById('live');
if (line) {
  let isStale = false;
  const isTyping = () =>
    document.activeElement?.closest('form') !== null && document.activeElement?.closest('main');

  async function refresh() {
    const answer = await fetch(location.pathname, { headers: { accept: 'text/html' } });
    // The session is over: the next click leads to the login.
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    // A new form, or one that went: show the whole page, but never under the hands of a person who types.
    const forms = (of) => [...of.querySelectorAll('main form')].map(({ action }) => action).join();
    if (forms(page) !== forms(document) && !isTyping()) return location.reload();
    for (const part of page.querySelectorAll('[data-live]'))
      document.querySelector(`[data-live="${part.dataset.live}"]`)?.replaceWith(part);
    const { lang } = document.documentElement;
    const clock = new Intl.DateTimeFormat(lang === 'en' ? 'en-GB' : lang, { timeStyle: 'medium' });
    line.textContent = line.dataset.updated.replace('{}', clock.format(new Date()));
  }

  async function refreshUnlessBusy() {
    if (isStale) return;
    isStale = true;
    await refresh().finally(() => (isStale = false));
  }

  const events = new EventSource(line.dataset.events);
  events.addEventListener('open', () => (line.textContent = line.dataset.following));
  events.addEventListener('change', () => void refreshUnlessBusy());
  events.addEventListener('over', () => {
    events.close();
    void refresh();
  });
  addEventListener('pagehide', () => events.close());
}
