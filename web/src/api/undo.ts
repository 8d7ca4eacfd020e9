// Taking a change back, and saying in words how a request failed. Used by every feature that changes something.
import { t } from '@/text/index.ts';
import { ApiError, api, unwrap } from './client.ts';

export function faultWords(error: unknown): string {
  if (!(error instanceof ApiError)) return t('state.serverFault');
  if (error.status === 0) return t('done.notSent');
  if (error.status === 403) return t('state.denied');
  return error.message || t('state.serverFault');
}

/** Takes back what the token stands for; answers what to say, and whether it worked. */
export async function takeBack(token: string): Promise<{ text: string; bad: boolean }> {
  try {
    const { changed } = await unwrap(
      api.POST('/api/v1/undo/{token}', { params: { path: { token } } }),
    );
    return { text: t('done.undone', { n: String(changed), count: changed }), bad: false };
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    if (status === 404) return { text: t('done.undoLate'), bad: true };
    if (status === 409) return { text: t('done.undoMoved'), bad: true };
    return { text: faultWords(error), bad: true };
  }
}
