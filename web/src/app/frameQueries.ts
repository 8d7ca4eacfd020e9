import { useQuery } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client.ts';
import { useMay } from '@/api/session.ts';

export function useUnits() {
  return useQuery({
    queryKey: ['units'],
    queryFn: ({ signal }) => unwrap(api.GET('/api/v1/units', { signal })),
    staleTime: 300_000,
  });
}

/** Same key and answer as the queue's counts, so that the two never differ. */
export function useNavFigures(unit: string | undefined) {
  const may = useMay();
  return useQuery({
    queryKey: ['alerts', 'counts', unit ?? ''],
    queryFn: ({ signal }) =>
      unwrap(api.GET('/api/v1/alerts/counts', { params: { query: unit ? { unit } : {} }, signal })),
    enabled: may('alerts_view'),
  });
}
