// What the server says of a rule's text, and keeping it there.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ApiError, api, type Schemas, unwrap } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { t } from '@/text/index.ts';
import { toast } from '@/ui/toasts.tsx';

export type TextFault = Schemas['RuleTextFault'];
const kRest = 700;

/** Asked when the text has rested: every check compiles all rules. */
export function useRuleCheck(text: string) {
  const [rested, setRested] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setRested(text), kRest);
    return () => clearTimeout(timer);
  }, [text]);
  const found = useQuery({
    queryKey: ['rules', 'check', rested],
    queryFn: ({ signal }) =>
      unwrap(api.POST('/api/v1/rules/check', { body: { text: rested }, signal })),
    enabled: rested.trim() !== '',
    staleTime: 60_000,
    retry: false,
  });
  return { ...found, current: rested === text };
}

/** Why the server refused to keep the text; null when it failed for another reason. */
export function faultsOf(error: unknown): TextFault[] | null {
  if (!(error instanceof ApiError) || error.code !== 'rule_refused') return null;
  const body = error.body as { error?: { faults?: TextFault[] } };
  return body.error?.faults ?? [];
}

export function useSaveRule() {
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ['rules'] });
  return useMutation({
    mutationFn: (text: string) => unwrap(api.POST('/api/v1/rules', { body: { text } })),
    onSuccess: (done) =>
      toast(t('find.draft.saved', { title: done.title }), {
        undo: () =>
          void unwrap(api.DELETE('/api/v1/rules/{id}', { params: { path: { id: done.id } } }))
            .then(
              () => toast(t('find.draft.unsaved', { title: done.title })),
              (error) => toast(faultWords(error), { bad: true }),
            )
            .finally(again),
      }),
    onSettled: again,
  });
}

/** Where a line of the text begins and ends. */
export function lineSpan(text: string, line: number): [number, number] {
  const lines = text.split('\n');
  const at = Math.min(Math.max(1, line), lines.length) - 1;
  const begin = lines.slice(0, at).reduce((sum, one) => sum + one.length + 1, 0);
  return [begin, begin + (lines[at]?.length ?? 0)];
}
