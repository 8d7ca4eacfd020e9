import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { ApiError } from '@/api/client.ts';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { ErrorBoundary } from '@/ui/ErrorBoundary.tsx';
import { number } from '@/ui/format.ts';
import {
  ChevronDownIcon,
  ChevronUpIcon,
  CloseIcon,
  ExpandIcon,
  kIcon,
  LinkIcon,
} from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { IconButton, Kbd } from '@/ui/parts.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import type { Actions } from './actions.tsx';
import { alertNumber, type Group } from './model.ts';
import { alertQuery } from './queries.ts';
import { RecordHead } from './RecordHead.tsx';
import { Entities, Events, HostDay, Outlook, Raw, RuleFacts, Timeline, Why } from './sections.tsx';

export function AlertPeek({
  id,
  at,
  of,
  group,
  actions,
  onStep,
  onClose,
  onAcknowledgeGroup,
}: {
  id: string;
  /** Place in the list, 0-based; -1 when the list does not hold it. */
  at: number;
  of: number;
  group: Group | undefined;
  actions: Actions;
  onStep: (by: 1 | -1) => void;
  onClose: () => void;
  onAcknowledgeGroup: (group: Group) => void;
}) {
  const { t } = useText();
  const may = useMay();
  const alert = useQuery(alertQuery(id));
  const note = useRef<HTMLTextAreaElement>(null);
  useKeys([
    {
      key: 'n',
      label: t('keys.note'),
      group: t('keys.groupAct'),
      run: () => note.current?.focus(),
    },
  ]);
  const waiting = group?.unacknowledged ?? 0;
  return (
    <aside className="peek" aria-label={t('keys.peek')}>
      <div className="peek-bar">
        <span className="num">{alert.data ? alertNumber(alert.data) : ''}</span>
        {at >= 0 && (
          <span className="num" style={{ marginLeft: 10 }}>
            {t('alert.position', { at: number(at + 1), n: number(of) })}
          </span>
        )}
        <div className="tools">
          <IconButton label={t('alert.previous')} onClick={() => onStep(-1)} disabled={at <= 0}>
            <ChevronUpIcon {...kIcon} />
          </IconButton>
          <IconButton label={t('alert.next')} onClick={() => onStep(1)} disabled={at >= of - 1}>
            <ChevronDownIcon {...kIcon} />
          </IconButton>
          <IconButton
            label={t('alert.link')}
            onClick={() =>
              void copyText(
                `${window.location.origin}/alerts/${encodeURIComponent(id)}`,
                t('alert.linkCopied'),
              )
            }
          >
            <LinkIcon {...kIcon} />
          </IconButton>
          <Link
            to="/alerts/$id"
            params={{ id }}
            className="iconbtn"
            aria-label={t('alert.expand')}
            title={t('alert.expand')}
          >
            <ExpandIcon {...kIcon} />
          </Link>
          <IconButton label={t('action.close')} onClick={onClose}>
            <CloseIcon {...kIcon} />
          </IconButton>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="peek-body scroll" tabIndex={0}>
        <ErrorBoundary key={id}>
          {alert.isPending && <SkeletonRows columns="40% 1fr" rows={12} height={32} />}
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
          {alert.data && (
            <>
              <RecordHead alert={alert.data} actions={actions} />
              {group && waiting > 1 && may('alerts_handle') && (
                <p style={{ padding: '0 16px 12px', marginTop: -4 }}>
                  <button type="button" className="link" onClick={() => onAcknowledgeGroup(group)}>
                    {t('act.acknowledgeGroup', { n: number(waiting) })}
                  </button>{' '}
                  <Kbd>Shift A</Kbd>
                </p>
              )}
              <Why alert={alert.data} />
              <Outlook alert={alert.data} />
              <HostDay alert={alert.data} />
              <Entities alert={alert.data} />
              <Raw alert={alert.data} />
              <Events alert={alert.data} />
              <RuleFacts alert={alert.data} />
              <Timeline alert={alert.data} noteBox={note} />
            </>
          )}
        </ErrorBoundary>
      </div>
    </aside>
  );
}
