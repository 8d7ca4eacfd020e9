import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError, api, type Schemas, unwrap } from '@/api/client.ts';
import { useLive } from '@/api/live.ts';
import { faultWords, takeBack } from '@/api/undo.ts';
import { t } from '@/text/index.ts';
import { toast } from '@/ui/toasts.tsx';

export type Desk = Schemas['Desk'];
export type Alert = Schemas['Alert'];

const kRefetchMs = 15_000;

export function useDesk(unit: string | undefined) {
  const client = useQueryClient();
  const desk = useQuery({
    queryKey: ['desk', unit ?? ''],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/desk', { params: { query: unit ? { unit } : {} }, signal })),
    refetchInterval: kRefetchMs,
  });
  const refresh = () => void client.invalidateQueries({ queryKey: ['desk'] });
  useLive((event) => {
    if (event.type !== 'rule') refresh();
  }, refresh);
  return desk;
}

/** Alerts of a running drill: counted nowhere, but a newcomer should find them. */
export function useDrillCount(unit: string | undefined) {
  return useQuery({
    queryKey: ['alerts', 'counts', unit ?? ''],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/alerts/counts', { params: { query: unit ? { unit } : {} }, signal })),
    select: (counts) => counts.drill,
  });
}

/** Acknowledge one alert from the desk, with undo. */
export function useTake() {
  const client = useQueryClient();
  const refresh = () => {
    void client.invalidateQueries({ queryKey: ['desk'] });
    void client.invalidateQueries({ queryKey: ['alerts'] });
  };
  return useMutation({
    mutationFn: (alert: Alert) =>
      unwrap(
        api.PATCH('/api/v1/alerts/{id}', {
          params: { path: { id: alert.id }, header: { 'If-Match': `"${alert.version}"` } },
          body: { action: 'acknowledge' },
        }),
      ),
    onSuccess: ({ undo }) =>
      toast(
        t('done.acknowledged', { n: '1', count: 1 }),
        undo
          ? {
              ms: Math.max(1000, new Date(undo.until).getTime() - Date.now()),
              undo: () =>
                void takeBack(undo.token).then((said) => {
                  toast(said.text, { bad: said.bad });
                  refresh();
                }),
            }
          : {},
      ),
    onError: (error) =>
      toast(
        error instanceof ApiError && error.status === 412 ? t('desk.changed') : faultWords(error),
        { bad: true },
      ),
    onSettled: refresh,
  });
}
