import { useEffect } from 'react';
import type { Alert, Group } from './model.ts';
import { useGroupAlerts } from './queries.ts';
import type { AlertFilter } from './search.ts';

/** Fetches all alerts of one opened group and hands them up; it draws nothing itself. */
export function GroupAlerts({
  group,
  filter,
  onAlerts,
}: {
  group: Group;
  filter: AlertFilter;
  onAlerts: (alerts: Alert[]) => void;
}) {
  const { data } = useGroupAlerts(group, filter, true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only new data is handed up
  useEffect(() => {
    if (data) onAlerts(data.alerts);
  }, [data]);
  return null;
}
