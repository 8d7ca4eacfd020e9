import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { currentOf, ofVersion } from '@/api/versions.ts';
import { t } from '@/text/index.ts';
import { toast } from '@/ui/toasts.tsx';
import type { Condition, RuleException } from './model.ts';

export function useExceptions(rule?: string) {
  return useQuery({
    queryKey: ['rules', 'exceptions', rule ?? ''],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/rules/exceptions', {
          params: { query: rule ? { rule_id: rule } : {} },
          signal,
        }),
      ),
  });
}

export type Draft = { rule_id: string | null; conditions: Condition[]; unit_id: string | null };

export function usePreview() {
  return useMutation({
    mutationFn: (asked: Draft & { days: number; search_id: string }) =>
      unwrap(api.POST('/api/v1/rules/exceptions/preview', { body: asked })),
  });
}

export const stopPreview = (id: string) =>
  unwrap(api.POST('/api/v1/search/cancel', { body: { search_id: id } }));

export function useAddException() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Draft & { reason: string; expires: string }) =>
      unwrap(api.POST('/api/v1/rules/exceptions', { body })),
    onSuccess: (made) => {
      const take = () =>
        void change(made, { removed: true, reason: t('exception.undoReason') }).then(
          () => {
            toast(t('exception.removed'));
            return client.invalidateQueries({ queryKey: ['rules'] });
          },
          (error) => toast(faultWords(error), { bad: true }),
        );
      toast(t('exception.added'), { undo: take });
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ['explain'] });
      return client.invalidateQueries({ queryKey: ['rules'] });
    },
  });
}

type Change = { removed?: boolean; expires?: string; reason: string };

const change = (of: RuleException, body: Change): Promise<RuleException> =>
  unwrap(
    api.PATCH('/api/v1/rules/exceptions/{id}', {
      params: { path: { id: of.id }, header: ofVersion(of.version) },
      body,
    }),
  );

export type ExceptionConflict = { before: RuleException; body: Change; current: RuleException };

/** Remove, put back or extend; each says what it did and can be taken back. The conflict is handed back. */
export function useChangeException(onConflict: (conflict: ExceptionConflict) => void) {
  const client = useQueryClient();
  const mutation = useMutation({
    mutationFn: ({ before, body }: { before: RuleException; body: Change }) => change(before, body),
    onSuccess: (done, { before, body }) => {
      const reason = t('exception.undoReason');
      const back: Change =
        body.removed === undefined
          ? { expires: before.expires, reason }
          : { removed: !body.removed, reason };
      toast(
        body.removed === undefined
          ? t('exception.extended')
          : body.removed
            ? t('exception.removed')
            : t('exception.restored'),
        {
          undo: () =>
            void change(done, back).then(
              () => client.invalidateQueries({ queryKey: ['rules'] }),
              (error) => toast(faultWords(error), { bad: true }),
            ),
        },
      );
    },
    onError: (error, mine) => {
      const current = currentOf<RuleException>(error);
      if (current) onConflict({ ...mine, current });
      else toast(faultWords(error), { bad: true });
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['rules'] }),
  });
  return {
    busy: mutation.isPending,
    run: (before: RuleException, body: Change) => mutation.mutate({ before, body }),
  };
}

export function useExceptionUnits(on: boolean) {
  return useQuery({
    queryKey: ['units'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/units', { signal })),
    enabled: on,
    staleTime: 300_000,
  });
}

export type Unit = Schemas['UnitRef'];
