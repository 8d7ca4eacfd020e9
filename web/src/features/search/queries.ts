import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { indicatorsQuery } from '@/api/indicators.ts';
import { quote, splitPipes } from '@/api/query.ts';
import { faultWords } from '@/api/undo.ts';
import { t, useText } from '@/text/index.ts';
import { toast } from '@/ui/toasts.tsx';
import { type EventSearch, type Saved, spanOf, splitOf } from './address.ts';
import { kMeaningsVi } from './meanings.ts';

export type Answer = Schemas['SearchAnswer'];
export type Field = Schemas['Field'];

const kPage = 200;
const kBuckets = 72;

/** One search; the first page brings the histogram, further pages only rows. `run` counts the user's runs. */
export function useEvents(search: EventSearch, run: number, searchId: string, on: boolean) {
  const query = (search.q ?? '').trim() || '*';
  const span = spanOf(search);
  const split = splitOf(search);
  return useInfiniteQuery({
    queryKey: ['search', 'events', query, span, split, search.explain ?? false, run],
    queryFn: ({ signal, pageParam }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: {
            query,
            ...span,
            limit: kPage,
            search_id: searchId,
            ...(search.explain && !pageParam ? { explain: true } : {}),
            ...(pageParam ? { cursor: pageParam } : {}),
            ...(!pageParam && splitPipes(query).pipes === ''
              ? { histogram: { buckets: kBuckets, ...(split ? { split } : {}) } }
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

/** All fields by name, their meaning in the reader's language. */
export function useFields() {
  const { language } = useText();
  return useQuery({
    select: useCallback(
      (found: { fields: Field[] }): Field[] =>
        language === 'vi'
          ? found.fields.map((field) => ({
              ...field,
              meaning: kMeaningsVi[field.name] ?? field.meaning,
            }))
          : found.fields,
      [language],
    ),
    queryKey: ['fields'],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/fields', { params: { query: { limit: 2000 } }, signal })),
    staleTime: 300_000,
  });
}

type Value = { value: string; count: number };
const kNoValues: Value[] = [];
const kOfferSpan = '-24h';
const kOfferMs = 5_000;

/** Values to complete with: the field's commonest of the last day that begin with what is typed. */
export function useValuesOf(field: string, word: string): Value[] {
  const plain = /^[\p{L}\p{N}_.-]{2,}$/u.test(word) ? word : '';
  const [asked, setAsked] = useState({ field: '', word: '' });
  useEffect(() => {
    const timer = setTimeout(() => setAsked({ field, word: plain }), field && plain ? 200 : 0);
    return () => clearTimeout(timer);
  }, [field, plain]);
  const ask = (begins: string, on: boolean) => ({
    queryKey: ['search', 'values', field, begins],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: {
            query: `${quote(field)}:${begins}*`,
            from: kOfferSpan,
            limit: 1,
            facets: [field],
            timeout_ms: kOfferMs,
          },
          signal,
        }),
      ),
    staleTime: 60_000,
    retry: false,
    enabled: on,
  });
  const common = useQuery(ask('', field !== ''));
  const begun = useQuery(
    ask(asked.word, field !== '' && asked.field === field && asked.word !== ''),
  );
  if (!field) return kNoValues;
  const of = (answer: Answer | undefined) => answer?.facets?.[0]?.values ?? kNoValues;
  const found = plain === asked.word ? of(begun.data) : kNoValues;
  if (found.length === 0) return of(common.data);
  return found;
}

const kNoNames: string[] = [];

/** Names of the indicator lists in force that hit; allow lists hunt nothing. */
export function useListNames(on: boolean): string[] {
  const { data } = useQuery({
    ...indicatorsQuery,
    select: namesOf,
    enabled: on,
    retry: false,
  });
  return data ?? kNoNames;
}
const namesOf = (all: Schemas['IndicatorLists']) =>
  all.lists.filter((list) => !list.allow).map((list) => list.name);

/** One event by its id, however old: for an address that somebody sent. */
export function useEvent(id: string, on: boolean) {
  return useQuery({
    queryKey: ['search', 'event', id],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: { query: `event.id:${id}`, from: '-3650d', limit: 1 },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    enabled: on,
  });
}

export function useEntity(query: string, search: EventSearch, facets: string[]) {
  const span = spanOf(search);
  return useQuery({
    queryKey: ['search', 'entity', query, span],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: { query, ...span, limit: 5, facets, histogram: { buckets: 48 } },
          signal,
        }),
      ),
    staleTime: 60_000,
    retry: false,
  });
}

export function useAlertsOf(value: string, on: boolean) {
  return useQuery({
    queryKey: ['alerts', 'mention', value],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/alerts', { params: { query: { q: value, limit: 5 } }, signal })),
    enabled: on,
    retry: false,
  });
}

export function useSavedSearches() {
  return useQuery({
    queryKey: ['saved'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/saved-searches', { signal })),
    staleTime: 60_000,
  });
}

export function useSavedSearch(id: string) {
  return useQuery({
    queryKey: ['saved', id],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/saved-searches/{id}', { params: { path: { id } }, signal })),
    staleTime: 60_000,
    retry: false,
    enabled: id !== '',
  });
}

const ofVersion = (saved: Saved) => ({
  path: { id: saved.id },
  header: { 'If-Match': `"${saved.version}"` },
});

const patch = (saved: Saved, body: Schemas['SavedSearchText'] & { removed?: boolean }) =>
  unwrap(api.PATCH('/api/v1/saved-searches/{id}', { params: ofVersion(saved), body }));

/** Saves under a new name, or changes what is saved. */
export function useSave() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ saved, text }: { saved: Saved | null; text: Schemas['SavedSearchText'] }) =>
      saved
        ? patch(saved, text)
        : unwrap(
            api.POST('/api/v1/saved-searches', {
              body: { ...text, name: text.name ?? '', query: text.query ?? '' },
            }),
          ),
    onSuccess: (done) => {
      client.setQueryData(['saved', done.id], done);
      toast(t('find.saved.done', { name: done.name }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['saved'] }),
  });
}

export function useRemoveSaved() {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['saved'] });
  return useMutation({
    mutationFn: (saved: Saved) =>
      unwrap(api.DELETE('/api/v1/saved-searches/{id}', { params: ofVersion(saved) })),
    onSuccess: (gone) => {
      const back = () =>
        void patch(gone, { removed: false }).then(again, (error) =>
          toast(faultWords(error), { bad: true }),
        );
      toast(t('find.saved.gone', { name: gone.name }), { undo: back });
    },
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: again,
  });
}
