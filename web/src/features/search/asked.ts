// Questions that this person asked in this browser, the newest first. They stay here: what somebody
// looks for is nobody else's business.
const kMax = 50;

export type Asked = { q: string; at: number };

const key = (user: string) => `gac.asked.${user}`;

export function asked(user: string): Asked[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(key(user)) ?? '[]');
    if (!Array.isArray(found)) return [];
    return found.filter(
      (one): one is Asked =>
        typeof one === 'object' &&
        one !== null &&
        typeof (one as Asked).q === 'string' &&
        typeof (one as Asked).at === 'number',
    );
  } catch {
    return [];
  }
}

/** Puts a question on top; one that was asked before moves up. */
export function remember(user: string, q: string, at: number) {
  const text = q.trim();
  if (text === '' || text === '*') return;
  const next = [{ q: text, at }, ...asked(user).filter((one) => one.q !== text)].slice(0, kMax);
  try {
    localStorage.setItem(key(user), JSON.stringify(next));
  } catch {
    // Without storage there is no history; the search itself does not need it.
  }
}

export function forget(user: string) {
  try {
    localStorage.removeItem(key(user));
  } catch {
    // Nothing was kept either.
  }
}
