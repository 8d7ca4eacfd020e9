import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from './client.ts';

/** The indicator lists in force. */
export const indicatorsQuery = queryOptions({
  queryKey: ['indicators'],
  queryFn: ({ signal }) => unwrap(api.GET('/api/v1/indicators', { signal })),
  staleTime: 30_000,
});
