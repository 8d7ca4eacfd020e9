import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { api, unwrap } from '@/api/client.ts';

const kEveryMs = 500;

/** How long the search has been running, and how far it has come. */
export function useProgress(searchId: string, running: boolean) {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    setSeconds(0);
    if (!running) return;
    const begun = Date.now();
    const timer = setInterval(() => setSeconds(Math.floor((Date.now() - begun) / 1000)), kEveryMs);
    return () => clearInterval(timer);
  }, [running]);
  const asked = useQuery({
    queryKey: ['search', 'progress', searchId],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET('/api/v1/search/progress', {
          params: { query: { search_id: searchId } },
          signal,
        }),
      ),
    enabled: running,
    refetchInterval: kEveryMs,
    gcTime: 0,
    retry: false,
  });
  const now = asked.data;
  return {
    seconds,
    progress:
      running && now?.running
        ? { bytes: now.bytes ?? 0, done: now.blocks_done ?? 0, units: now.blocks ?? 0 }
        : null,
  };
}
