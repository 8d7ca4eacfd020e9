// Optimistic versions: a change says which version it was decided on, and is told when that is old.
import { ApiError } from './client.ts';

/** Headers of a change. What has no version yet was never changed. */
export const ofVersion = (version: number | undefined) => ({ 'If-Match': `"${version ?? 0}"` });

/** The object as it stands, when the failure is that somebody was faster. */
export function currentOf<T>(error: unknown): T | null {
  if (!(error instanceof ApiError) || error.status !== 412) return null;
  return ((error.body ?? {}) as { current?: T }).current ?? null;
}
