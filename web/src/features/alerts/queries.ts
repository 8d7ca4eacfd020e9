import {
  keepPreviousData,
  type QueryClient,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { ApiError, api, type Schemas, unwrap } from '@/api/client.ts';
import { useLive } from '@/api/live.ts';
import { quote } from '@/api/query.ts';
import { useMay } from '@/api/session.ts';
import { faultWords, takeBack } from '@/api/undo.ts';
import { t } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { toast } from '@/ui/toasts.tsx';
import type { Alert, Change, Group } from './model.ts';
import type { AlertFilter, Sort } from './search.ts';

const kGroupsMax = 200;

export function useGroups(filter: AlertFilter, sort: Sort) {
  return useQuery({
    queryKey: ['alerts', 'groups', filter, sort],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/alerts/groups', {
          params: { query: { ...filter, sort, limit: kGroupsMax } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

function groupFilter(group: Group, filter: AlertFilter): AlertFilter {
  return { ...filter, rule: group.rule_id, unit: group.unit?.id ?? 'none' };
}

/** All alerts of an opened group, fetched when the five that came with it are not all. */
export function useGroupAlerts(group: Group, filter: AlertFilter, on: boolean) {
  return useQuery({
    queryKey: ['alerts', 'of', group.key, filter],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/alerts', {
          params: { query: { ...groupFilter(group, filter), sort: 'newest', limit: 200 } },
          signal,
        }),
      ),
    enabled: on,
    placeholderData: keepPreviousData,
  });
}

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ['alerts', 'one', id],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/alerts/{id}', { params: { path: { id } }, signal })),
  });

export function useAlertEvents(id: string, on: boolean) {
  return useQuery({
    queryKey: ['alerts', 'events', id],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/alerts/{id}/events', {
          params: { path: { id }, query: { limit: 200 } },
          signal,
        }),
      ),
    enabled: on,
  });
}

export function useCounts(unit: string | undefined) {
  const may = useMay();
  return useQuery({
    queryKey: ['alerts', 'counts', unit ?? ''],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/alerts/counts', { params: { query: unit ? { unit } : {} }, signal })),
    enabled: may('alerts_view'),
  });
}

const kHostBuckets = 72;

export function useHostDay(host: string | null | undefined) {
  const may = useMay();
  return useQuery({
    queryKey: ['search', 'host-day', host],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/api/v1/search', {
          body: {
            query: `host.name:${quote(host ?? '')}`,
            from: '-24h',
            limit: 1,
            histogram: { buckets: kHostBuckets },
          },
          signal,
        }),
      ),
    enabled: Boolean(host) && may('events_search'),
    staleTime: 60_000,
  });
}

/** How many sources there are at all: without any there can be no alerts. */
export function useSourcesTotal() {
  const may = useMay();
  return useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/sources', { signal })),
    select: (answer) => answer.total,
    enabled: may('sources_view'),
  });
}

export function useUsers(on: boolean) {
  return useQuery({
    queryKey: ['users'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/users', { signal })),
    enabled: on,
    staleTime: 300_000,
  });
}

/**
 * Refetches alert lists when the live feed says something changed, at most once a second: a burst of
 * a thousand alerts is one answer, not a thousand.
 */
export function useAlertFeed() {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const last = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const soon = () => {
    if (timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        last.current = Date.now();
        refresh(client);
      },
      Math.max(50, 1000 - (Date.now() - last.current)),
    );
  };
  useLive(
    (event) => {
      if (event.type === 'alert') {
        soon();
        const { alert } = (event.data ?? {}) as Partial<Schemas['LiveAlert']>;
        if (alert) void client.invalidateQueries({ queryKey: ['alerts', 'one', alert.id] });
      } else if (event.type === 'counts') {
        client.setQueryData<Schemas['AlertCounts']>(['alerts', 'counts', ''], (old) =>
          old
            ? { ...old, ...(event.data as Partial<Schemas['AlertCounts']>), mine: old.mine }
            : old,
        );
      } else if (event.type === 'resync') {
        refresh(client);
      }
    },
    () => void client.invalidateQueries(),
  );
}

function refresh(client: QueryClient) {
  for (const part of ['groups', 'of', 'counts']) {
    void client.invalidateQueries({ queryKey: ['alerts', part] });
  }
  void client.invalidateQueries({ queryKey: ['desk'] });
}

/** Ids of all alerts of these groups that the filter lets through, the new ones only if so asked. */
async function idsOf(groups: Group[], asked: AlertFilter, newOnly: boolean): Promise<string[]> {
  const filter = newOnly ? { ...asked, status: 'new' } : asked;
  const ids: string[] = [];
  for (const group of groups) {
    if (group.count <= group.newest.length) {
      const these = group.newest.filter((alert) => !newOnly || alert.status === 'new');
      ids.push(...these.map((alert) => alert.id));
      continue;
    }
    let cursor: string | null | undefined;
    do {
      const page = await unwrap(
        api.GET('/api/v1/alerts', {
          params: {
            query: { ...groupFilter(group, filter), limit: 500, ...(cursor ? { cursor } : {}) },
          },
        }),
      );
      ids.push(...page.alerts.map((alert) => alert.id));
      cursor = page.cursor;
    } while (cursor && ids.length < 10_000);
  }
  return ids;
}

export type Target =
  | { kind: 'one'; alert: Alert }
  | { kind: 'many'; groups: Group[]; alerts: Alert[]; filter: AlertFilter };

type Done = { changed: number; skipped: number; undo: Schemas['Undo'] | undefined };

async function send(target: Target, change: Change): Promise<Done> {
  if (target.kind === 'one') {
    const { id, version } = target.alert;
    const answer = await unwrap(
      api.PATCH('/api/v1/alerts/{id}', {
        params: { path: { id }, header: { 'If-Match': `"${version}"` } },
        body: change,
      }),
    );
    return { changed: 1, skipped: 0, undo: answer.undo };
  }
  const ids = [
    ...new Set([
      ...target.alerts.map((alert) => alert.id),
      ...(await idsOf(target.groups, target.filter, change.action === 'acknowledge')),
    ]),
  ];
  const answer = await unwrap(api.POST('/api/v1/alerts/bulk', { body: { ...change, ids } }));
  return { changed: answer.changed, skipped: answer.skipped, undo: answer.undo };
}

export type Conflict = { mine: Change; base: Alert; current: Alert };

function doneWords(change: Change, done: Done): string {
  const n = number(done.changed);
  const values = { n, count: done.changed };
  const words =
    change.action === 'acknowledge'
      ? t('done.acknowledged', values)
      : change.action === 'assign'
        ? t('done.assigned', values)
        : change.action === 'close'
          ? t('done.closed', values)
          : t('done.reopened', values);
  return done.skipped > 0 ? `${words} ${t('done.skipped', { n: number(done.skipped) })}` : words;
}

/** One change to one alert or to many, with its toast, its undo, and the conflict handed back. */
export function useChange(options: {
  onConflict: (conflict: Conflict) => void;
  onUndone?: () => void;
}) {
  const client = useQueryClient();
  const latest = useRef(options);
  latest.current = options;
  return useMutation({
    mutationFn: ({ target, change }: { target: Target; change: Change }) => send(target, change),
    onSuccess: (done, { change }) => {
      if (done.changed === 0) {
        toast(t('done.nothing'));
        return;
      }
      const token = done.undo?.token;
      toast(
        doneWords(change, done),
        done.undo && token
          ? {
              ms: Math.max(1000, new Date(done.undo.until).getTime() - Date.now()),
              undo: () => void undo(client, token).then(latest.current.onUndone),
            }
          : {},
      );
    },
    onError: (error, { target, change }) => {
      if (error instanceof ApiError && error.status === 412 && target.kind === 'one') {
        const { current } = (error.body ?? {}) as { current?: Alert };
        if (current) {
          latest.current.onConflict({ mine: change, base: target.alert, current });
          return;
        }
      }
      toast(faultWords(error), { bad: true });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
}

async function undo(client: QueryClient, token: string) {
  const said = await takeBack(token);
  toast(said.text, { bad: said.bad });
  void client.invalidateQueries({ queryKey: ['desk'] });
  await client.invalidateQueries({ queryKey: ['alerts'] });
}

export function useAddNote(id: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (text: string) =>
      unwrap(api.POST('/api/v1/alerts/{id}/notes', { params: { path: { id } }, body: { text } })),
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts', 'one', id] }),
  });
}
