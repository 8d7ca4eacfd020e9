import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { toast } from '@/ui/toasts.tsx';

export type Source = Schemas['Source'];
export type Sources = Schemas['Sources'];
export type SourceChange = {
  title?: string;
  unit_id?: string | null;
  profile?: string;
  snooze_until?: string | null;
};

const kRefetchMs = 15_000;

export function useSources() {
  return useQuery({
    queryKey: ['sources'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/sources', { signal })),
    refetchInterval: kRefetchMs,
  });
}

export function useSourceUnits() {
  return useQuery({
    queryKey: ['units'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/units', { signal })),
    staleTime: 300_000,
  });
}

export function useChangeSource() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ name, change }: { name: string; change: SourceChange }) =>
      unwrap(api.PATCH('/api/v1/sources/{name}', { params: { path: { name } }, body: change })),
    onError: (error) => toast(faultWords(error), { bad: true }),
    onSettled: () => client.invalidateQueries({ queryKey: ['sources'] }),
  });
}

export function useTryLine() {
  return useMutation({
    mutationFn: (body: { line: string; profile?: string; format?: string }) =>
      unwrap(api.POST('/api/v1/sources/try-line', { body })),
  });
}

/** The last line of a source, to see what it said before it fell silent. */
export function useLastLine(name: string, on: boolean) {
  return useQuery({
    queryKey: ['search', 'last-of', name],
    queryFn: async ({ signal }) => {
      const answer = await unwrap(
        api.POST('/api/v1/search', {
          body: { query: `_source:"${name.replace(/[\\"]/g, '\\$&')}"`, from: '-30d', limit: 1 },
          signal,
        }),
      );
      return answer.rows[0] ?? null;
    },
    enabled: on,
  });
}
