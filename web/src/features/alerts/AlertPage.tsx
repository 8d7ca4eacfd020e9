import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useRouter } from '@tanstack/react-router';
import { useRef } from 'react';
import { ApiError } from '@/api/client.ts';
import { useText } from '@/text/index.ts';
import { ErrorBoundary } from '@/ui/ErrorBoundary.tsx';
import { ChevronRightIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { useActions } from './actions.tsx';
import '@/ui/record.css';
import './alerts.css';
import { alertNumber } from './model.ts';
import { alertQuery, useAlertFeed } from './queries.ts';
import { RecordHead } from './RecordHead.tsx';
import { Entities, Events, HostDay, Outlook, Raw, RuleFacts, Timeline, Why } from './sections.tsx';

/** The alert on a page of its own: the same parts as the peek, side by side, with all events. */
export function AlertPage() {
  const { t } = useText();
  const { id } = useParams({ from: '/frame/alerts/$id' });
  const router = useRouter();
  const alert = useQuery(alertQuery(id));
  const actions = useActions({});
  const note = useRef<HTMLTextAreaElement>(null);
  useAlertFeed();
  const found = alert.data;
  const can = (action: 'acknowledge' | 'assign' | 'close') =>
    found?.actions.includes(action) ?? false;
  const act = t('keys.groupAct');
  useKeys([
    {
      key: 'a',
      label: t('keys.acknowledge'),
      group: act,
      run: () => found && can('acknowledge') && actions.acknowledge({ kind: 'one', alert: found }),
    },
    {
      key: 'i',
      label: t('keys.assignMe'),
      group: act,
      run: () => found && can('assign') && actions.assignMe({ kind: 'one', alert: found }),
    },
    {
      key: 'Shift+i',
      label: t('keys.assignOther'),
      group: act,
      run: () => found && can('assign') && actions.assign({ kind: 'one', alert: found }),
    },
    {
      key: 'e',
      label: t('keys.closeAlert'),
      group: act,
      run: () => found && can('close') && actions.close({ kind: 'one', alert: found }),
    },
    { key: 'n', label: t('keys.note'), group: act, run: () => note.current?.focus() },
    {
      key: 'Escape',
      label: t('keys.escape'),
      group: t('keys.groupGo'),
      run: () =>
        router.history.canGoBack()
          ? router.history.back()
          : void router.navigate({ to: '/alerts' }),
    },
  ]);
  return (
    <div className="alert-page">
      <div className="head">
        <nav className="crumbs" aria-label={t('alert.crumb')}>
          <Link to="/alerts">{t('alert.crumb')}</Link>
          <ChevronRightIcon size={14} stroke={1.6} aria-hidden />
          <span className="num">{found ? alertNumber(found) : '…'}</span>
        </nav>
        {alert.isPending && <SkeletonRows columns="30% 1fr" rows={3} height={32} />}
        {alert.isError &&
          (alert.error instanceof ApiError && alert.error.status === 404 ? (
            <Empty kind="nothing" title={t('alert.gone')} />
          ) : (
            <Failed
              what={t('alert.failed')}
              error={alert.error}
              retry={() => void alert.refetch()}
            />
          ))}
        {found && <RecordHead alert={found} actions={actions} heading="h1" />}
      </div>
      {found && (
        <div className="cols">
          <h2 className="sr">{t('alert.details')}</h2>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
          <div className="scroll" tabIndex={0}>
            <ErrorBoundary key={id}>
              <Why alert={found} />
              <Raw alert={found} />
              <Events alert={found} all />
              <Timeline alert={found} noteBox={note} />
            </ErrorBoundary>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
          <div className="scroll" tabIndex={0}>
            <ErrorBoundary key={id}>
              <Outlook alert={found} />
              <HostDay alert={found} />
              <Entities alert={found} />
              <RuleFacts alert={found} />
            </ErrorBoundary>
          </div>
        </div>
      )}
      {actions.dialogs}
    </div>
  );
}
