import { type QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { ApiError, api, type Schemas, setCsrf, unwrap } from './client.ts';
import { live } from './live.ts';

export type Session = Schemas['Session'];

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }) => {
    const session = await unwrap(api.GET('/api/v1/session', { signal }));
    setCsrf(session.csrf);
    return session;
  },
  staleTime: Number.POSITIVE_INFINITY,
  retry: (count, error) => !(error instanceof ApiError && error.status !== 0) && count < 2,
});

export const useSession = () => useQuery(sessionQuery);

export function forgetSession(client: QueryClient) {
  live.stop();
  setCsrf('');
  client.setQueryData(sessionQuery.queryKey, undefined);
  const { pathname, search } = window.location;
  if (pathname === '/login') return;
  const here = pathname + search;
  window.location.assign(here === '/' ? '/login' : `/login?next=${encodeURIComponent(here)}`);
}

export async function signIn(body: Schemas['SignIn']): Promise<Session> {
  const session = await unwrap(api.POST('/api/v1/session', { body }));
  setCsrf(session.csrf);
  return session;
}

export async function signOut(client: QueryClient) {
  try {
    await unwrap(api.DELETE('/api/v1/session'));
  } finally {
    live.stop();
    setCsrf('');
    client.clear();
    window.location.assign('/login');
  }
}

export const changePassword = (current: string, next: string) =>
  unwrap(api.POST('/api/v1/session/password', { body: { current, new: next } }));

export const enrolTotp = () => unwrap(api.POST('/api/v1/session/totp'));

export const confirmTotp = (code: string) =>
  unwrap(api.POST('/api/v1/session/totp/confirm', { body: { code } }));

/** Whether the signed-in user has a right. The server checks again; this only hides what is absent. */
export type Right = Schemas['Permission'];

export function useMay(): (right: Right) => boolean {
  const { data } = useSession();
  return (right) => data?.permissions.includes(right) ?? false;
}
