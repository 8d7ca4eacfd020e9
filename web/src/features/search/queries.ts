import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { splitPipes } from '@/api/query.ts';
import { type EventSearch, spanOf } from './address.ts';

export type Answer = Schemas['SearchAnswer'];
export type Field = Schemas['Field'];

const kPage = 200;
const kBuckets = 72;
export const kSplit = 'event.outcome';

/** One search; the first page brings the histogram, further pages only rows. `run` counts the user's runs. */
export function useEvents(search: EventSearch, run: number, searchId: string, on: boolean) {
  const query = (search.q ?? '').trim() || '*';
  const span = spanOf(search);
  return useInfiniteQuery({
    queryKey: ['search', 'events', query, span, run],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: {
            query,
            ...span,
            limit: kPage,
            search_id: searchId,
            ...(pageParam ? { cursor: pageParam } : {}),
            ...(!pageParam && splitPipes(query).pipes === ''
              ? { histogram: { buckets: kBuckets, split: kSplit } }
              : {}),
          },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.cursor ?? undefined,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    enabled: on,
  });
}

export const cancelSearch = (searchId: string) =>
  unwrap(api.POST('/api/v1/search/cancel', { body: { search_id: searchId } }));

/** The commonest values of one field among the events of the question. */
export function useTopValues(search: EventSearch, run: number, field: string) {
  const { filter } = splitPipes((search.q ?? '').trim());
  const span = spanOf(search);
  return useQuery({
    queryKey: ['search', 'facet', filter, span, run, field],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: { query: filter || '*', ...span, limit: 1, facets: [field] },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

export function useFields() {
  return useQuery({
    queryKey: ['fields'],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/fields', { params: { query: { limit: 2000 } }, signal })),
    staleTime: 300_000,
  });
}
