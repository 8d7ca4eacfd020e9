import { lazy, Suspense, useState } from 'react';
import { useMay } from '@/api/session.ts';
import type { Start } from '@/shared/exceptions/ExceptionDialog.tsx';
import { groupFields, startFrom } from '@/shared/exceptions/model.ts';
import { useText } from '@/text/index.ts';
import { Deadline } from '@/ui/Deadline.tsx';
import { ago, dateTime, sameDay, time } from '@/ui/format.ts';
import { AssignIcon, FilterOffIcon, kIcon, MoreIcon } from '@/ui/icons.ts';
import { Menu, type MenuEntry } from '@/ui/Menu.tsx';
import { Button, IconButton, Stamp } from '@/ui/parts.tsx';
import { asLevel, Severity } from '@/ui/Severity.tsx';
import { useNow } from '@/ui/useNow.ts';
import type { Actions } from './actions.tsx';
import { EntityValue } from './EntityValue.tsx';
import { type Detail, kStatusKeys, kVerdictKeys, ruleTitle } from './model.ts';

const ExceptionDialog = lazy(() =>
  import('@/shared/exceptions/ExceptionDialog.tsx').then((room) => ({
    default: room.ExceptionDialog,
  })),
);

/** Level, clock, title, subject line and what may be done now: the top of peek and page. */
export function RecordHead({
  alert,
  actions,
  heading: Heading = 'h2',
}: {
  alert: Detail;
  actions: Actions;
  heading?: 'h1' | 'h2';
}) {
  const { t, language } = useText();
  const now = useNow(10_000);
  const may = useMay();
  const [except, setExcept] = useState<Start | null>(null);
  const target = { kind: 'one', alert } as const;
  const can = (action: Detail['actions'][number]) =>
    may('alerts_handle') && alert.actions.includes(action);
  const more: MenuEntry[] = [];
  if (can('assign')) {
    more.push({
      label: t('keys.assignOther'),
      icon: <AssignIcon {...kIcon} />,
      shortcut: 'Shift I',
      run: () => actions.assign(target),
    });
  }
  if (may('rules_edit') && alert.kind !== 'indicator') {
    const grouped = alert.kind === 'correlation' && alert.group.length > 0;
    const event = grouped ? groupFields(alert.group) : alert.events[alert.events.length - 1];
    more.push({
      label: t('exception.except'),
      icon: <FilterOffIcon {...kIcon} />,
      run: () =>
        setExcept({
          rule: { id: alert.rule_id, title: ruleTitle(alert, language) },
          conditions: startFrom(event, grouped ? alert.group : alert.matched),
          event,
        }),
    });
  }
  return (
    <div className="record-head">
      <div className="levels">
        <Severity level={asLevel(alert.level)} boxed />
        {(alert.safety_level ?? 0) > 0 && (
          <span className="tag">{t('alert.safetyLevel', { n: alert.safety_level })}</span>
        )}
        {alert.drill && <span className="tag">{t('alert.drill')}</span>}
        {alert.status !== 'new' && (
          <span className="tag">
            {alert.verdict
              ? t('alert.closedAs', { verdict: t(kVerdictKeys[alert.verdict]) })
              : t(kStatusKeys[alert.status])}
          </span>
        )}
        {alert.due && alert.status !== 'closed' && (
          <Deadline
            from={alert.raised}
            due={alert.due}
            kind={alert.due_kind ?? 'acknowledge'}
            long
          />
        )}
      </div>
      <Heading className="record-title">{ruleTitle(alert, language)}</Heading>
      <div className="subject">
        {alert.host && (
          <span className="link">
            <EntityValue field="host.name" text={alert.host} mono={false} />
          </span>
        )}
        <span>{alert.unit?.name ?? t('queue.noUnit')}</span>
        {alert.source && <span>{alert.source}</span>}
        <Stamp at={alert.last}>
          {t('alert.when', {
            time: sameDay(alert.last, now) ? time(alert.last) : dateTime(alert.last),
            ago: ago(alert.last, now),
          })}
        </Stamp>
        {alert.assignee && <span>{t('alert.with', { name: alert.assignee.name })}</span>}
      </div>
      {alert.comment && <p style={{ marginTop: 8 }}>{alert.comment}</p>}
      {(more.length > 0 || (alert.actions.length > 0 && may('alerts_handle'))) && (
        <div className="acts">
          {can('acknowledge') && (
            <Button
              look="primary"
              shortcut="A"
              disabled={actions.busy}
              onClick={() => actions.acknowledge(target)}
            >
              {t('act.acknowledge')}
            </Button>
          )}
          {can('assign') && (
            <Button shortcut="I" disabled={actions.busy} onClick={() => actions.assignMe(target)}>
              {t('act.assign')}
            </Button>
          )}
          {can('close') && (
            <Button
              look={can('acknowledge') ? 'secondary' : 'primary'}
              shortcut="E"
              disabled={actions.busy}
              onClick={() => actions.close(target)}
            >
              {t('act.close')}
            </Button>
          )}
          {can('reopen') && (
            <Button disabled={actions.busy} onClick={() => actions.reopen(target)}>
              {t('act.reopen')}
            </Button>
          )}
          {more.length > 0 && (
            <Menu
              position="bottom-end"
              trigger={
                <IconButton label={t('act.more')} className="more">
                  <MoreIcon {...kIcon} />
                </IconButton>
              }
              entries={more}
            />
          )}
        </div>
      )}
      {except && (
        <Suspense>
          <ExceptionDialog start={except} onClose={() => setExcept(null)} />
        </Suspense>
      )}
    </div>
  );
}
