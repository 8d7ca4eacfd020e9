import { useMutation } from '@tanstack/react-query';
import { api, type Schemas, unwrap } from '@/api/client.ts';

export type RulePreview = Schemas['RulePreview'];

/** A rule in force, or the text of a draft. */
export type Previewed = { rule_id: string } | { text: string };

export function useRulePreview() {
  return useMutation({
    mutationFn: (asked: Previewed & { from: string; search_id: string }) =>
      unwrap(api.POST('/api/v1/rules/preview', { body: asked })),
  });
}

export const stopRulePreview = (id: string) =>
  unwrap(api.POST('/api/v1/search/cancel', { body: { search_id: id } }));
