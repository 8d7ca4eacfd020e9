import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { t } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { toast } from '@/ui/toasts.tsx';

export type Rule = Schemas['Rule'];

export function useRules() {
  return useQuery({
    queryKey: ['rules', 'all'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/rules', { signal })),
    refetchInterval: 30_000,
  });
}

export function useRule(id: string) {
  return useQuery({
    queryKey: ['rules', 'one', id],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/rules/{id}', { params: { path: { id } }, signal })),
  });
}

export function useReloadRules() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.POST('/api/v1/rules/reload')),
    onSuccess: ({ loaded, refused }) =>
      toast(t('rules.reloaded', { loaded: number(loaded), refused: number(refused) })),
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: ['rules'] }),
  });
}

export function useSwitchRule() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, enabled, reason }: { id: string; enabled: boolean; reason: string }) =>
      unwrap(
        api.PATCH('/api/v1/rules/{id}', { params: { path: { id } }, body: { enabled, reason } }),
      ),
    onSuccess: (rule) => toast(rule.enabled ? t('rules.nowOn') : t('rules.nowOff')),
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: ['rules'] }),
  });
}
