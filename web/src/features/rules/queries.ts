import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { currentOf, ofVersion } from '@/api/versions.ts';
import { t } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { toast } from '@/ui/toasts.tsx';

export type Rule = Schemas['Rule'];
export type RuleFull = Schemas['RuleDetail'];
export type Coverage = Schemas['RuleCoverage'];
export type Pack = Schemas['RulePack'];
export type PackChange = Schemas['RulePackChange'];

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

const turn = (rule: Rule, enabled: boolean, reason: string) =>
  unwrap(
    api.PATCH('/api/v1/rules/{id}', {
      params: { path: { id: rule.id }, header: ofVersion(rule.version) },
      body: { enabled, reason },
    }),
  );

export type Switch = { rule: Rule; enabled: boolean; reason: string };
export type RuleConflict = { mine: Switch; current: Rule };

/** On or off, with thirty seconds to take it back; the conflict is handed back. */
export function useSwitchRule(onConflict: (conflict: RuleConflict) => void) {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['rules'] });
  return useMutation({
    mutationFn: ({ rule, enabled, reason }: Switch) => turn(rule, enabled, reason),
    onSuccess: (done, { rule, enabled }) =>
      toast(enabled ? t('rules.nowOn') : t('rules.nowOff'), {
        undo: () =>
          void turn(done, !enabled, (enabled && rule.disabled_reason) || t('rules.undoReason'))
            .then(
              () => toast(enabled ? t('rules.nowOff') : t('rules.nowOn')),
              (error) => toast(faultWords(error), { bad: true }),
            )
            .finally(again),
      }),
    onError: (error, mine) => {
      const current = currentOf<Rule>(error);
      if (current) onConflict({ mine, current });
      else toast(faultWords(error), { bad: true });
    },
    onSettled: again,
  });
}

export function useCoverage() {
  return useQuery({
    queryKey: ['rules', 'coverage'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/rules/coverage', { signal })),
  });
}

export function usePacks() {
  return useQuery({
    queryKey: ['rules', 'packs'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/rules/packs', { signal })),
  });
}

export type Upload = { file: File; name: string; version: string };

export function useImportPack() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ file, name, version, preview }: Upload & { preview: boolean }) =>
      unwrap(
        api.POST('/api/v1/rules/packs', {
          params: { query: { name, preview, ...(version ? { version } : {}) } },
          headers: { 'content-type': 'application/octet-stream' },
          body: file as unknown as string,
          bodySerializer: (body: unknown) => body as Blob,
        }),
      ),
    onSuccess: (done) => {
      if (done.preview) return;
      toast(t('packs.done', { name: done.name, version: done.version }));
      void client.invalidateQueries({ queryKey: ['rules'] });
    },
  });
}

export function useChangePack() {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['rules'] });
  const use = (name: string, version: string) =>
    unwrap(
      api.PATCH('/api/v1/rules/packs/{name}', { params: { path: { name } }, body: { version } }),
    );
  const using = useMutation({
    mutationFn: ({ pack, version }: { pack: Pack; version: string }) => use(pack.name, version),
    onSuccess: (done, { pack }) =>
      toast(t('packs.used', { name: done.name, version: done.version }), {
        undo: () =>
          void use(pack.name, pack.version)
            .then(
              (back) => toast(t('packs.used', { name: back.name, version: back.version })),
              (error) => toast(faultWords(error), { bad: true }),
            )
            .finally(again),
      }),
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: again,
  });
  const removing = useMutation({
    mutationFn: ({ name, version }: { name: string; version?: string }) =>
      unwrap(
        api.DELETE('/api/v1/rules/packs/{name}', {
          params: { path: { name }, query: version ? { version } : {} },
        }),
      ),
    onSuccess: () => toast(t('packs.gone')),
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: again,
  });
  return { using, removing, busy: using.isPending || removing.isPending };
}
