import { useQuery } from '@tanstack/react-query';
import { ApiError, api, type Schemas, unwrap } from '@/api/client.ts';

export type Asked = {
  event_id?: string;
  event?: string;
  profile?: string;
};

type Explanation = Schemas['RuleExplanation'];

async function explain(id: string, body: Asked, signal: AbortSignal): Promise<Explanation> {
  return unwrap(api.POST('/api/v1/rules/{id}/explain', { params: { path: { id } }, body, signal }));
}

/**
 * The rule judged on one event. An event that history no longer holds is judged from the copy that the
 * alert kept, when there is one.
 */
export function useExplanation(rule: string, asked: Asked, kept?: Asked) {
  return useQuery({
    queryKey: ['explain', rule, asked, kept ?? null],
    queryFn: async ({ signal }) => {
      try {
        return await explain(rule, asked, signal);
      } catch (error) {
        if (kept && error instanceof ApiError && error.status === 404 && error.where !== 'id') {
          return explain(rule, kept, signal);
        }
        throw error;
      }
    },
    staleTime: 60_000,
    retry: false,
  });
}

export function useRuleNames(on: boolean) {
  return useQuery({
    queryKey: ['rules', 'all'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/rules', { signal })),
    enabled: on,
  });
}
