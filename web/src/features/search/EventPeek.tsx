import { useState } from 'react';
import { useText } from '@/text/index.ts';
import { dateTime, number, tooltipTime } from '@/ui/format.ts';
import {
  ChevronDownIcon,
  ChevronUpIcon,
  CloseIcon,
  CopyIcon,
  kIcon,
  LinkIcon,
} from '@/ui/icons.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import { useEvent } from './queries.ts';
import { cellText, type EventRow, groupsOf } from './rows.ts';

type Pivot = (element: HTMLElement, field: string, value: string) => void;

const kAround = [1, 5, 30];

/** One event beside the list, with all its fields; `row` when the list holds it. */
export function EventPeek({
  id,
  row,
  at,
  of,
  onStep,
  onPivot,
  onAround,
  onJudge,
  onExcept,
  onClose,
}: {
  id: string;
  row: EventRow | undefined;
  /** Place in the list, 0-based; -1 when the list does not hold it. */
  at: number;
  of: number;
  onStep: (by: 1 | -1) => void;
  onPivot: Pivot;
  /** Asks for what happened on the same machine within so many minutes. */
  onAround: (row: EventRow, minutes: number) => void;
  onJudge: ((id: string) => void) | undefined;
  onExcept: ((row: EventRow) => void) | undefined;
  onClose: () => void;
}) {
  const { t } = useText();
  const fetched = useEvent(id, row === undefined);
  const shown = row ?? (fetched.data?.rows[0] as EventRow | undefined);
  return (
    <aside className="peek" aria-label={t('find.event.title')}>
      <div className="peek-bar">
        <span className="num">
          {at >= 0
            ? t('alert.position', { at: number(at + 1), n: number(of) })
            : t('find.event.one')}
        </span>
        <div className="tools">
          <IconButton
            label={t('find.event.previous')}
            onClick={() => onStep(-1)}
            disabled={at <= 0}
          >
            <ChevronUpIcon {...kIcon} />
          </IconButton>
          <IconButton
            label={t('find.event.next')}
            onClick={() => onStep(1)}
            disabled={at < 0 || at >= of - 1}
          >
            <ChevronDownIcon {...kIcon} />
          </IconButton>
          <IconButton
            label={t('find.event.link')}
            onClick={() => void copyText(window.location.href, t('alert.linkCopied'))}
          >
            <LinkIcon {...kIcon} />
          </IconButton>
          <IconButton
            label={t('find.event.copyJson')}
            disabled={!shown}
            onClick={() => void copyText(JSON.stringify(shown, null, 2), t('action.copied'))}
          >
            <CopyIcon {...kIcon} />
          </IconButton>
          <IconButton label={t('action.close')} onClick={onClose}>
            <CloseIcon {...kIcon} />
          </IconButton>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="peek-body scroll" tabIndex={0}>
        {!shown && fetched.isPending && <SkeletonRows columns="40% 1fr" rows={14} height={28} />}
        {!shown && fetched.isError && (
          <Failed
            what={t('find.event.failed')}
            error={fetched.error}
            retry={() => void fetched.refetch()}
          />
        )}
        {!shown && fetched.isSuccess && (
          <Empty kind="noData" title={t('find.event.gone')} detail={t('find.event.goneWhy')} />
        )}
        {shown && (
          <Body
            row={shown}
            id={id}
            onPivot={onPivot}
            onAround={onAround}
            onJudge={onJudge}
            onExcept={onExcept}
          />
        )}
      </div>
    </aside>
  );
}

function Body({
  row,
  id,
  onPivot,
  onAround,
  onJudge,
  onExcept,
}: {
  row: EventRow;
  id: string;
  onPivot: Pivot;
  onAround: (row: EventRow, minutes: number) => void;
  onJudge: ((id: string) => void) | undefined;
  onExcept: ((row: EventRow) => void) | undefined;
}) {
  const { t } = useText();
  const [json, setJson] = useState(false);
  const stamp = cellText(row['@timestamp']);
  const source = cellText(row._source);
  const raw = cellText(row['event.original']);
  return (
    <>
      <div className="section first">
        <h2 className="peek-title">
          <time dateTime={stamp} title={tooltipTime(stamp)}>
            {dateTime(stamp)}
          </time>
        </h2>
        <p className="dim wrap">{cellText(row.message) || raw}</p>
        <p className="peek-acts">
          {onJudge && (
            <Button size="mid" onClick={() => onJudge(id)}>
              {t('explain.try')}
            </Button>
          )}
          {onExcept && (
            <Button size="mid" onClick={() => onExcept(row)}>
              {t('find.event.except')}
            </Button>
          )}
        </p>
        <p className="around">
          <span className="dim">{t('find.event.around')}</span>
          {kAround.map((minutes) => (
            <Button key={minutes} size="small" onClick={() => onAround(row, minutes)}>
              ±{t('time.minutes', { n: minutes })}
            </Button>
          ))}
        </p>
      </div>
      <div className="section tight">
        <div className="tabs" role="tablist" aria-label={t('find.view')}>
          {[false, true].map((as) => (
            <button
              key={String(as)}
              type="button"
              role="tab"
              className="tab"
              aria-selected={json === as}
              onClick={() => setJson(as)}
            >
              {as ? 'JSON' : t('find.fields')}
            </button>
          ))}
        </div>
      </div>
      {json ? (
        <pre className="section mono wrap">{JSON.stringify(row, null, 2)}</pre>
      ) : (
        <>
          {groupsOf(row).map(([group, entries]) => (
            <div className="section" key={group}>
              <h3>{group === '' ? t('find.event.own') : group}</h3>
              <dl className="facts">
                {group === 'event' && source && (
                  <Fact name="gac.source" value={source} onPivot={onPivot} />
                )}
                {entries.map(([name, value]) => (
                  <Fact key={name} name={name} value={value} onPivot={onPivot} />
                ))}
              </dl>
            </div>
          ))}
          {raw && (
            <div className="section">
              <h3 className="section-head">{t('find.event.raw')}</h3>
              <pre className="rawline mono wrap">{raw}</pre>
            </div>
          )}
        </>
      )}
    </>
  );
}

function Fact({ name, value, onPivot }: { name: string; value: string; onPivot: Pivot }) {
  return (
    <>
      <dt className="mono wrap">{name}</dt>
      <dd>
        <button
          type="button"
          className="value mono wrap"
          data-pivot
          onClick={(event) => onPivot(event.currentTarget, name, value)}
        >
          {value || '""'}
        </button>
      </dd>
    </>
  );
}
